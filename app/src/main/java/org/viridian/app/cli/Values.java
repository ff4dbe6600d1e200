package org.viridian.app.cli;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.viridian.app.definition.NewVm;
import org.viridian.app.machine.MachineConfig.Disk;
import org.viridian.app.machine.MachineConfig.SerialTarget;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;
import org.viridian.devices.storage.ImageFormat;

/** Reads the values of options. */
final class Values {
    private static final Pattern SIZE = Pattern.compile("(\\d{1,9})\\s*(?:(M|MiB|MB)|(G|GiB|GB)|(T|TiB|TB))?");
    private static final Pattern BYTES = Pattern.compile("(\\d{1,15})\\s*([BKMGTbkmgt])?(?:iB|B)?");

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

    /** A size in bytes: a number with B, K, M, G or T; a bare number is bytes. */
    static long bytes(String text) throws Failure {
        Matcher size = BYTES.matcher(text);
        if (size.matches()) {
            int shift = size.group(2) == null ? 0 : 10 * "BKMGT".indexOf(Character.toUpperCase(size.group(2).charAt(0)));
            long number = Long.parseLong(size.group(1));
            if (number <= Long.MAX_VALUE >> shift) {
                return number << shift;
            }
        }
        throw new Failure(Failure.Kind.USAGE, Text.of("cli.bytes", text));
    }

    /** {@code PATH}, and behind it in any order {@code ,readonly}, {@code ,format=F}, {@code ,sector=N}. */
    static Disk disk(String text) throws Failure {
        boolean readOnly = false;
        Optional<ImageFormat> format = Optional.empty();
        int sector = 0;
        String file = text;
        while (true) {
            int comma = file.lastIndexOf(',');
            String word = comma < 0 ? "" : file.substring(comma + 1);
            if (word.equals("readonly")) {
                readOnly = true;
            } else if (word.startsWith("format=") && ImageFormat.of(word.substring(7)).isPresent()) {
                format = ImageFormat.of(word.substring(7));
            } else if (word.equals("sector=512") || word.equals("sector=4096")) {
                sector = Integer.parseInt(word.substring(7));
            } else {
                break;
            }
            file = file.substring(0, comma);
        }
        if (file.isEmpty()) {
            throw new Failure(Failure.Kind.USAGE, Text.of("cli.disk", text));
        }
        return new Disk(Path.of(file).toAbsolutePath(), readOnly, format, Optional.empty(), sector);
    }

    /** {@code SIZE} or {@code SIZE,FORMAT}. */
    static NewVm.NewDisk.Blank blank(String text) throws Failure {
        int comma = text.indexOf(',');
        if (comma < 0) {
            return new NewVm.NewDisk.Blank(mebibytes(text));
        }
        String word = text.substring(comma + 1);
        return new NewVm.NewDisk.Blank(mebibytes(text.substring(0, comma)), ImageFormat.of(word)
                .orElseThrow(() -> new Failure(Failure.Kind.USAGE, Text.of("cli.disk.format", word))));
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
