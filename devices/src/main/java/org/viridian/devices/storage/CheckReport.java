package org.viridian.devices.storage;

import java.util.List;

/**
 * What a check of an image found.
 *
 * @param errors what is damaged, one clause each; at most a hundred
 * @param leaks units of space that nothing uses
 * @param repaired whether leaks and errors were put right
 */
public record CheckReport(List<String> errors, long leaks, boolean repaired) {
    /** Most errors that are listed. */
    public static final int MOST_ERRORS = 100;

    /** Copies the list. */
    public CheckReport {
        errors = List.copyOf(errors);
    }

    /** True when nothing is wrong. */
    public boolean clean() {
        return repaired || errors.isEmpty() && leaks == 0;
    }
}
