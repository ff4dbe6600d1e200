package org.viridian.tests.rig;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.TagFilter;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs tests where there is no Maven: inside the rig. Says what it does line by line and leaves a report per class, in the
 * form Surefire writes, for {@code ./verify} to count.
 */
public final class RigMain {
    private static final List<String> PACKAGES = List.of("org.viridian.engine.kvm", "org.viridian.engine.host", "org.viridian.tests.machine");

    private static final long SECONDS = Long.getLong("viridian.rig.seconds", 86_400);
    /** A test that has run for longer than this when the time is up hangs. */
    private static final double LONG = 300;
    private static final int TIME_IS_UP = 124;

    private RigMain() {}

    /**
     * Ends with 0 if at least one test ran and none failed, with 124 when {@code viridian.rig.seconds} are over.
     *
     * @param arguments the folder for the reports, then names of test classes or of methods as {@code class#method};
     *     none for every test tagged {@code kvm}
     */
    public static void main(String[] arguments) throws IOException {
        Path folder = Files.createDirectories(Path.of(arguments[0]));
        List<DiscoverySelector> selectors = new ArrayList<>();
        for (int i = 1; i < arguments.length; i++) {
            selectors.add(arguments[i].contains("#") ? DiscoverySelectors.selectMethod(arguments[i])
                    : DiscoverySelectors.selectClass(arguments[i]));
        }
        if (selectors.isEmpty()) {
            PACKAGES.forEach(name -> selectors.add(DiscoverySelectors.selectPackage(name)));
        }
        var request = LauncherDiscoveryRequestBuilder.request().filters(TagFilter.includeTags("kvm")).selectors(selectors)
                .configurationParameter("junit.jupiter.testclass.order.default", "org.junit.jupiter.api.ClassOrderer$OrderAnnotation")
                .build();
        RigReport report = new RigReport(folder);
        Thread.ofPlatform().daemon().name("deadline").start(() -> {
            LockSupport.parkNanos((SECONDS - uptime()) * 1_000_000_000L);
            report.timeIsUp(LONG);
            System.out.println("the time of " + SECONDS + " s is up");
            Thread.getAllStackTraces().forEach((thread, frames) -> {
                System.out.println(thread);
                for (StackTraceElement frame : frames) {
                    System.out.println("    " + frame);
                }
            });
            Runtime.getRuntime().halt(TIME_IS_UP);
        });
        LauncherFactory.create().execute(request, report);
        System.exit(report.passed() > 0 && report.failed() == 0 ? 0 : 1);
    }

    /** Seconds since the machine was switched on: its start counts, too. */
    private static long uptime() {
        try {
            return (long) Double.parseDouble(Files.readString(Path.of("/proc/uptime")).split(" ")[0]);
        } catch (IOException unknown) {
            return 0;
        }
    }
}
