package org.viridian.engine.kvm;

import java.io.PrintWriter;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.TagFilter;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.LoggingListener;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

/** Runs the tests tagged {@code kvm} without Maven; ends with 0 only if every one of them ran and passed. */
public final class KvmTestMain {
    private KvmTestMain() {}

    /** @param classes names of test classes, or nothing for all of this package */
    public static void main(String[] classes) {
        var builder = LauncherDiscoveryRequestBuilder.request().filters(TagFilter.includeTags("kvm"));
        if (classes.length == 0) {
            builder.selectors(DiscoverySelectors.selectPackage(KvmTestMain.class.getPackageName()));
        }
        for (String name : classes) {
            builder.selectors(DiscoverySelectors.selectClass(name));
        }
        var summary = new SummaryGeneratingListener();
        var progress = LoggingListener.forBiConsumer((failure, message) -> {
            if (message.get().startsWith("TestExecution Finished") || message.get().startsWith("TestExecution Skipped")) {
                System.out.println(message.get());
            }
        });
        LauncherFactory.create().execute(builder.build(), summary, progress);
        summary.getSummary().printTo(new PrintWriter(System.out, true));
        summary.getSummary().printFailuresTo(new PrintWriter(System.out, true), 30);
        long passed = summary.getSummary().getTestsSucceededCount();
        System.exit(passed > 0 && passed == summary.getSummary().getTestsFoundCount() ? 0 : 1);
    }
}
