package org.viridian.tests.guest;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.viridian.app.machine.Machine;

/**
 * A shell on the guest's COM1, driven like a person at a terminal: type a command, wait for its end, read what it
 * printed. One thread at a time.
 */
public final class SerialShell {
    private final Machine machine;
    private int serial;

    /** @param machine a machine whose guest runs a shell on ttyS0 */
    public SerialShell(Machine machine) {
        this.machine = machine;
    }

    /** Waits until {@code text} has been printed on COM1; fails with the end of the log. */
    public void await(String text, Duration limit) throws InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        while (!machine.serialText().contains(text)) {
            if (machine.ending().isPresent()) {
                throw new AssertionError("the machine ended (%s) before '%s' was printed%n%s"
                        .formatted(machine.ending().get(), text, tail()));
            }
            if (System.nanoTime() > end) {
                throw new AssertionError("'%s' was not printed within %s%n%s".formatted(text, limit, tail()));
            }
            Thread.sleep(50);
        }
    }

    /** Restarts the guest at once and waits for the shell of its next life. */
    public void reboot(Duration limit) throws InterruptedException {
        restart("reboot -f", limit);
    }

    /** Runs a command that ends this life of the guest and begins another, and waits for the shell of that one. */
    public void restart(String command, Duration limit) throws InterruptedException {
        serial++;
        String marker = "@R" + serial + "@";
        machine.serialInput("echo @\"R%d@\"; %s\n".formatted(serial, command).getBytes(StandardCharsets.ISO_8859_1));
        await(marker, limit);
        long end = System.nanoTime() + limit.toNanos();
        while (true) {
            String text = machine.serialText();
            int kernel = text.lastIndexOf("Linux version");
            if (kernel > text.lastIndexOf(marker) && text.indexOf("login: root", kernel) >= 0) {
                return;
            }
            if (System.nanoTime() > end || machine.ending().isPresent()) {
                throw new AssertionError("the guest has not come back (%s)%n%s".formatted(machine.ending(), tail()));
            }
            Thread.sleep(100);
        }
    }

    /** The answer of a command: its exit status and what it printed, without the echo. */
    public record Answer(int status, String output) {
        /** The output, after checking that the command succeeded. */
        public String orFail() {
            if (status != 0) {
                throw new AssertionError("the command ended with status " + status + ":\n" + output);
            }
            return output;
        }
    }

    /** Runs one command line in the guest's shell. */
    public Answer run(String command, Duration limit) throws InterruptedException {
        serial++;
        // The marker is split in the typed text, so that the terminal's echo of the command never matches it.
        String begin = "@B" + serial + "@";
        String end = "@E" + serial + "=";
        machine.serialInput(("echo @\"B%d@\"; %s; echo @\"E%d=\"$?@\n".formatted(serial, command, serial))
                .getBytes(StandardCharsets.ISO_8859_1));
        await(end, limit);
        String text = machine.serialText();
        for (int wait = 0; text.indexOf('@', text.indexOf(end) + end.length()) < 0 && wait < 100; wait++) {
            Thread.sleep(20);
            text = machine.serialText();
        }
        int from = text.indexOf(begin);
        int to = text.indexOf(end);
        String output = from < 0 ? text.substring(0, to) : text.substring(from + begin.length(), to);
        int statusEnd = text.indexOf('@', to + end.length());
        return new Answer(Integer.parseInt(text.substring(to + end.length(), statusEnd)), output.replace("\r", "").strip());
    }

    private String tail() {
        String text = machine.serialText();
        return text.substring(Math.max(0, text.length() - 4000));
    }
}
