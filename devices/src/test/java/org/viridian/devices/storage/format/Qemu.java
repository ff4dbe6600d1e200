package org.viridian.devices.storage.format;

import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;

/** QEMU's own tools for disk images, where they are installed. */
final class Qemu {
    private static final boolean PRESENT = present();

    private static boolean present() {
        try {
            Process process = new ProcessBuilder("qemu-img", "--version").redirectErrorStream(true).start();
            process.getInputStream().readAllBytes();
            return process.waitFor() == 0;
        } catch (IOException missing) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private Qemu() {}

    static boolean installed() {
        return PRESENT;
    }

    static void ifPresent(Consumer<Qemu> use) {
        if (PRESENT) {
            use.accept(new Qemu());
        }
    }

    /** Runs a command that must succeed; returns what it printed. */
    String run(List<String> command, String name) {
        return command(command, name);
    }

    static String command(List<String> command, String name) {
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes());
            int status = process.waitFor();
            if (status != 0) {
                throw new AssertionError("%s: %s ended with %d:%n%s".formatted(name, String.join(" ", command), status, output));
            }
            return output;
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
