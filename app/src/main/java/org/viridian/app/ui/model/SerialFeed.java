package org.viridian.app.ui.model;

import java.nio.charset.StandardCharsets;

/**
 * Turns the last 64 KiB of a serial port, asked for again and again, into what is new since the last time.
 *
 * <p>Thread rule: one thread.
 */
public final class SerialFeed {
    private static final int TAIL = 512;

    private String known = "";

    /** Forgets the line. */
    public void clear() {
        known = "";
    }

    /** What {@code text}, ISO 8859-1, has beyond the last one. */
    public byte[] next(String text) {
        int from;
        if (text.startsWith(known)) {
            from = known.length();
        } else {
            // The beginning has been dropped for newer text: go on behind the end that was known.
            String tail = known.substring(Math.max(0, known.length() - TAIL));
            int at = text.lastIndexOf(tail);
            from = at < 0 ? 0 : at + tail.length();
        }
        known = text;
        return text.substring(from).getBytes(StandardCharsets.ISO_8859_1);
    }
}
