package org.viridian.tests.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import javafx.application.Platform;
import javafx.stage.Stage;
import org.viridian.app.definition.Folders;
import org.viridian.app.definition.NewVm;
import org.viridian.app.library.Library;
import org.viridian.app.library.VmSession;
import org.viridian.app.machine.Machine;
import org.viridian.app.machine.MachineBuilder;
import org.viridian.app.machine.MachineConfig.Engine;
import org.viridian.app.machine.MachineConfig.SerialTarget;
import org.viridian.app.quickcreate.DebianGuest;
import org.viridian.app.text.Progress;
import org.viridian.app.ui.view.MainWindow;

/**
 * Resident memory of the workstation with its window open: before a VM, and with the Quick Create guest of 512 MiB at its
 * login. Run by {@code tests/bench/figures memory}.
 */
public final class MemoryBench {
    private static final long LIMIT_NANOS = 600_000_000_000L;

    private MemoryBench() {}

    /** Prints the figures. */
    public static void main(String[] arguments) throws Exception {
        Path home = Files.createTempDirectory("viridian-memory");
        Folders folders = new Folders(home.resolve("data"), Folders.ofProcess().cache(), home.resolve("run"));
        Library library = new Library(folders, MachineBuilder::build, new DebianGuest(folders));
        CountDownLatch shown = new CountDownLatch(1);
        Platform.startup(() -> {
            new MainWindow(new Stage(), library, (owner, title) -> Optional.empty(), Locale.ENGLISH).show();
            shown.countDown();
        });
        shown.await();
        Thread.sleep(3000);
        print("window, no VM");
        library.create(new NewVm("memory", 512, 1, Engine.SOFTWARE, new NewVm.Source.Debian(NewVm.Flavour.CLOUD),
                new NewVm.NewDisk.Blank(64), Optional.empty(), true), Progress.NONE);
        VmSession session = library.start("memory", null, new SerialTarget.None());
        Machine machine = session.machine().orElseThrow();
        long end = System.nanoTime() + LIMIT_NANOS;
        while (!machine.serialText().contains("login: root")) {
            if (System.nanoTime() > end || machine.ending().isPresent()) {
                throw new IllegalStateException("no login: " + machine.ending());
            }
            Thread.sleep(200);
        }
        Thread.sleep(3000);
        print("window and one VM of 512 MiB at its login");
        System.gc();
        Thread.sleep(500);
        print("the same after a collection");
        session.kill();
        System.exit(0);
    }

    private static void print(String what) throws Exception {
        long resident = 0;
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmRSS:")) {
                resident = Long.parseLong(line.replaceAll("[^0-9]", ""));
            }
        }
        Runtime runtime = Runtime.getRuntime();
        System.out.printf("%-45s resident %4d MiB, Java heap used %d of %d MiB%n", what, resident >> 10,
                (runtime.totalMemory() - runtime.freeMemory()) >> 20, runtime.totalMemory() >> 20);
    }
}
