package org.viridian.app.definition;

import org.viridian.app.text.Text;

/**
 * One field of a definition that is not acceptable.
 *
 * @param field which one
 * @param text what is wrong and what is allowed
 */
public record FieldProblem(Field field, Text text) {
    /** The fields a user can get wrong. */
    public enum Field {
        /** The VM's name. */
        NAME,
        /** RAM. */
        MEMORY,
        /** Virtual processors. */
        PROCESSORS,
        /** The kernel image. */
        KERNEL,
        /** The initial RAM disk. */
        INITRD,
        /** The kernel command line. */
        COMMAND_LINE,
        /** A hard disk. */
        DISK,
        /** The DVD image. */
        DVD,
        /** The network connection. */
        NETWORK
    }
}
