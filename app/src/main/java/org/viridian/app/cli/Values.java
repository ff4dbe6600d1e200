package org.viridian.app.cli;

import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.viridian.app.machine.MachineConfig.Disk;
import org.viridian.app.machine.MachineConfig.SerialTarget;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;

/** Reads the values of options. */
final class Values {
    private static final Pattern SIZE = Pattern.compile("(\\d{1,9})\\s*(?:(M|MiB|MB)|(G|GiB|GB)|(T|TiB|TB))?");
    private static final String READ_ONLY = ",readonly";

    private Values() {}

    /** A size in MiB; a bare number is MiB. */
    static int mebibytes(String text) throws Failure {
        Matcher size = SIZE.matcher(text);
        if (size.matches()) {
            long number = Long.parseLong(size.group(1)) << (size.group(3) != null ? 10 : size.group(4) != null ? 20 : 0);
            if (number <= Integer.MAX_VALUE) {
                return (int) number;
            }
        }
        throw new Failure(Failure.Kind.USAGE, Text.of("cli.size", text));
    }

    /** {@code PATH} or {@code PATH,readonly}. */
    static Disk disk(String text) throws Failure {
        boolean readOnly = text.endsWith(READ_ONLY);
        String file = readOnly ? text.substring(0, text.length() - READ_ONLY.length()) : text;
        if (file.isEmpty()) {
            throw new Failure(Failure.Kind.USAGE, Text.of("cli.disk", text));
        }
        return new Disk(Path.of(file).toAbsolutePath(), readOnly);
    }

    /** {@code stdio}, {@code none} or {@code file:PATH}. */
    static SerialTarget serial(String text) throws Failure {
        if (text.equals("stdio")) {
            return new SerialTarget.Stdio();
        }
        if (text.equals("none")) {
            return new SerialTarget.None();
        }
        if (text.startsWith("file:") && text.length() > 5) {
            return new SerialTarget.ToFile(Path.of(text.substring(5)).toAbsolutePath());
        }
        throw new Failure(Failure.Kind.USAGE, Text.of("cli.serial", text));
    }

    /** An I/O port, decimal or {@code 0x}. */
    static int port(String text) throws Failure {
        try {
            int port = Integer.decode(text.toLowerCase(Locale.ROOT));
            if (port >= 0 && port <= 0xFFFF) {
                return port;
            }
        } catch (NumberFormatException e) {
            // Refused below with every other wrong value.
        }
        throw new Failure(Failure.Kind.USAGE, Text.of("cli.port", text));
    }
}
