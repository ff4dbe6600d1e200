package org.viridian.app.cli;

import java.nio.file.Path;
import java.util.Optional;
import org.viridian.app.library.DiskFiles;
import org.viridian.app.library.VmSession;
import org.viridian.app.machine.MachineConfig.Disk;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The verbs that change the disks of a running VM. They last until it is turned off. */
final class AttachVerbs {
    private AttachVerbs() {}

    /** A verb about one running VM. */
    private abstract static class OnDrives extends Verb {
        @Parameters(index = "0", paramLabel = "NAME", descriptionKey = "name")
        String name;

        OnDrives(Session session) {
            super(session);
        }

        abstract void act(VmSession vm) throws Failure;

        @Override
        final int perform() throws Failure {
            try (VmSession vm = library().session(name)) {
                act(vm);
                return 0;
            }
        }
    }

    /** Adds a hard disk. */
    @Command(name = "attach")
    static final class Attach extends OnDrives {
        @Parameters(index = "1", paramLabel = "FILE[,readonly][,format=F][,sector=4096]", descriptionKey = "disk")
        String disk;

        Attach(Session session) {
            super(session);
        }

        @Override
        void act(VmSession vm) throws Failure {
            Disk wanted = Values.disk(disk);
            int lun = vm.attachDisk(wanted);
            output().result(json, Output.done(name).put("lun", lun), Text.of("cli.attached", wanted.file(), name, lun));
        }
    }

    /** Takes a hard disk away. */
    @Command(name = "detach")
    static final class Detach extends OnDrives {
        @Parameters(index = "1", paramLabel = "FILE", descriptionKey = "attached")
        Path file;

        Detach(Session session) {
            super(session);
        }

        @Override
        void act(VmSession vm) throws Failure {
            vm.detachDisk(file.toAbsolutePath());
            output().result(json, Output.done(name), Text.of("cli.detached", file, name));
        }
    }

    /** Puts a disc in. */
    @Command(name = "insert")
    static final class Insert extends OnDrives {
        @Parameters(index = "1", paramLabel = "FILE", descriptionKey = "dvd")
        Path file;

        @Option(names = "--force", descriptionKey = "force-tray")
        boolean force;

        Insert(Session session) {
            super(session);
        }

        @Override
        void act(VmSession vm) throws Failure {
            vm.changeDisc(Optional.of(file.toAbsolutePath()), force);
            output().result(json, Output.done(name), Text.of("cli.inserted", file, name));
        }
    }

    /** Takes the disc out. */
    @Command(name = "eject")
    static final class Eject extends OnDrives {
        @Option(names = "--force", descriptionKey = "force-tray")
        boolean force;

        Eject(Session session) {
            super(session);
        }

        @Override
        void act(VmSession vm) throws Failure {
            vm.changeDisc(Optional.empty(), force);
            output().result(json, Output.done(name), Text.of("cli.ejected", name));
        }
    }

    /** Lists what is in which drive. */
    @Command(name = "drives")
    static final class Drives extends OnDrives {
        Drives(Session session) {
            super(session);
        }

        @Override
        void act(VmSession vm) throws Failure {
            var drives = vm.drives();
            if (json) {
                output().json(DiskFiles.json(drives));
                return;
            }
            for (var drive : drives) {
                output().line("%-4s %-4s %-6s %12d  %s".formatted(drive.lun() < 0 ? "ide" : drive.lun(), drive.dvd() ? "dvd" : "disk",
                        drive.format().orElse("-"), drive.size(), drive.file().orElse("-")));
            }
        }
    }
}
