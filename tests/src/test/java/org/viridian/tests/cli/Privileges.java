package org.viridian.tests.cli;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Commands to run others under, so that file permissions count for root as well and {@code /dev/kvm} is what a test says. */
final class Privileges {
    /** Gives root's right to pass over permissions away; what it starts has no capability. */
    private static final List<String> WITHOUT_CAPABILITIES = List.of("setpriv", "--bounding-set=-all", "--inh-caps=-all");

    /**
     * A mount namespace whose /dev has the few nodes that a Java process needs, bound from the host's, and a /dev/kvm that
     * nobody may open. The host's /dev is not touched.
     */
    private static final String DENIED_KVM = """
            set -e
            mount -t tmpfs none "$1"
            for node in null zero full random urandom tty; do
                touch "$1/$node"
                mount --bind "/dev/$node" "$1/$node"
            done
            touch "$1/kvm"
            chmod 0 "$1/kvm"
            mount --rbind "$1" /dev
            shift
            exec setpriv --bounding-set=-all --inh-caps=-all "$@"
            """;

    private Privileges() {}

    private static boolean root() {
        return System.getProperty("user.name").equals("root");
    }

    /** For commands that must meet "permission denied" on files of this user. */
    static List<String> ordinary() {
        return root() ? WITHOUT_CAPABILITIES : List.of();
    }

    /** For commands that must find a /dev/kvm they may not open; skips the test where no namespace is to be had. */
    static List<String> deniedKvm(Path folder) throws IOException, InterruptedException {
        Path dev = Files.createDirectories(folder);
        List<String> command = new ArrayList<>(List.of("unshare", "--mount"));
        if (!root()) {
            command.add("--map-root-user");
        }
        command.addAll(List.of("sh", "-c", DENIED_KVM, "sh", dev.toString()));
        List<String> probe = new ArrayList<>(command);
        probe.add("true");
        Process process = new ProcessBuilder(probe).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());
        assumeTrue(process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0,
                "no mount namespace of one's own here: " + output.strip());
        return command;
    }
}
