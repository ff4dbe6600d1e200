package org.viridian.app.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.viridian.app.definition.Folders;
import org.viridian.app.definition.Reasons;
import org.viridian.app.text.Text;
import org.viridian.devices.network.UserNat;
import org.viridian.engine.host.HostProbe;
import org.viridian.engine.host.HostReport;
import org.viridian.engine.host.KvmReport;
import org.viridian.engine.host.KvmStatus;

/** Looks at what this host offers and says what to do about each lack. */
public final class Doctor {
    private static final long MEBIBYTE = 1 << 20;
    private static final List<String> LIBRARY_FOLDERS = List.of("/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu",
            "/lib64", "/usr/lib64", "/usr/local/lib", "/usr/lib");

    /** What JavaFX loads for a window, and the Debian package each comes from. */
    private static final Map<String, String> WINDOW_LIBRARIES =
            Map.of("libgtk-3.so.0", "libgtk-3-0", "libXtst.so.6", "libxtst6", "libpangoft2-1.0.so.0",
                    "libpangoft2-1.0-0");

    private Doctor() {}

    /**
     * One thing that was looked at.
     *
     * @param subject stable key: {@code kvm}, {@code engine}, {@code display}, {@code libraries}, {@code folders},
     *     {@code packages}, {@code network}
     * @param ok nothing is lacking
     * @param finding what was found
     * @param remedy what to do, when something is lacking
     */
    public record Check(String subject, boolean ok, Text finding, Optional<Text> remedy) {}

    /**
     * The whole examination.
     *
     * @param host what the engine's probe says
     * @param checks everything, in the order it is shown
     */
    public record Report(HostReport host, List<Check> checks) {}

    /** Examines this host; takes up to a second on a slow KVM. */
    public static Report examine(Folders folders, Map<String, String> environment) {
        HostReport host = HostProbe.probe();
        return new Report(host, List.of(kvm(host), engine(host), display(environment), libraries(), data(folders),
                packages(folders), network()));
    }

    private static Check kvm(HostReport host) {
        KvmReport kvm = host.kvm();
        KvmStatus status = kvm.status();
        Optional<Text> remedy = status.remedyKey().isEmpty() ? Optional.empty() : Optional.of(Text.of(status.remedyKey()));
        return new Check("kvm", status == KvmStatus.READY,
                Text.of(status.key(), millions(kvm.kernelModeSpeed()), millions(kvm.userModeSpeed()),
                        "%.0f".formatted(kvm.kernelModeSlowdown())), remedy);
    }

    private static String millions(long perSecond) {
        return "%.1f".formatted(perSecond / 1e6);
    }

    /**
     * Whether VMs can run on an engine here: nothing when they can, else the reason and the remedy in one sentence.
     *
     * @param engine {@code auto}, {@code kvm} or {@code software}
     */
    public static Optional<Text> obstacle(Report report, String engine) {
        Optional<Check> lacking = report.checks().stream().filter(check -> !check.ok()
                && (check.subject().equals("folders") || check.subject().equals("kvm") && engine.equals("kvm")
                        // Slow is not unusable: small kernels of one's own run there.
                        && report.host().kvm().status() != KvmStatus.SLOW_KERNEL_MODE)).findFirst();
        return lacking.map(check -> check.remedy().map(remedy -> Text.of("doctor.obstacle", check.finding(), remedy))
                .orElse(check.finding()));
    }

    private static Check engine(HostReport host) {
        return new Check("engine", true, Text.of(host.reasonKey()), Optional.empty());
    }

    private static Check display(Map<String, String> environment) {
        String display = environment.get("DISPLAY");
        return display == null || display.isEmpty()
                ? new Check("display", false, Text.of("host.display.none"), Optional.of(Text.of("host.display.remedy")))
                : new Check("display", true, Text.of("host.display.found", display), Optional.empty());
    }

    private static Check libraries() {
        List<String> missing = new ArrayList<>();
        List<String> packages = new ArrayList<>();
        WINDOW_LIBRARIES.forEach((library, debian) -> {
            if (LIBRARY_FOLDERS.stream().noneMatch(folder -> Files.exists(Path.of(folder, library)))) {
                missing.add(library);
                packages.add(debian);
            }
        });
        return missing.isEmpty()
                ? new Check("libraries", true, Text.of("host.libraries.found"), Optional.empty())
                : new Check("libraries", false, Text.of("host.libraries.missing", String.join(", ", missing)),
                        Optional.of(Text.of("host.libraries.remedy", String.join(" ", packages))));
    }

    private static Check network() {
        return UserNat.problem() == null
                ? new Check("network", true, Text.of("host.network.found"), Optional.empty())
                : new Check("network", false, Text.of("host.network.missing"), Optional.of(Text.of("host.network.remedy")));
    }

    private static Check data(Folders folders) {
        Path at = folders.vms();
        while (at.getParent() != null && !Files.exists(at)) {
            at = at.getParent();
        }
        try {
            long free = Files.getFileStore(at).getUsableSpace() / MEBIBYTE;
            return Files.isWritable(at)
                    ? new Check("folders", true, Text.of("host.folders.found", folders.vms(), free), Optional.empty())
                    : new Check("folders", false, Text.of("host.folders.denied", at),
                            Optional.of(Text.of("host.folders.remedy")));
        } catch (IOException e) {
            return new Check("folders", false, Text.of("folder.unusable", at, Reasons.of(e)),
                    Optional.of(Text.of("host.folders.remedy")));
        }
    }

    private static Check packages(Folders folders) {
        try (Stream<Path> files = Files.isDirectory(folders.packages()) ? Files.list(folders.packages())
                : Stream.empty()) {
            long count = files.filter(file -> file.toString().endsWith(".deb")).count();
            return new Check("packages", true, Text.of("host.packages.found", count, folders.packages()),
                    Optional.empty());
        } catch (IOException e) {
            return new Check("packages", false, Text.of("folder.unusable", folders.packages(), Reasons.of(e)),
                    Optional.of(Text.of("host.folders.remedy")));
        }
    }
}
