package org.viridian.app.library;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.viridian.app.definition.Folders;
import org.viridian.app.definition.NewVm;
import org.viridian.app.machine.Ending;
import org.viridian.app.machine.MachineConfig.Engine;
import org.viridian.app.machine.MachineConfig.SerialTarget;
import org.viridian.app.machine.MachineException;
import org.viridian.app.machine.MachineState;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Progress;
import org.viridian.app.text.Text;
import org.viridian.display.surface.Surface.Rect;
import org.viridian.engine.device.DeviceState;

/** VMs are made, started, reached from another process (a second library stands for it), and end. */
class LibraryTest {
    @TempDir Path root;

    private Folders folders;
    private final List<FakeMachine> machines = new CopyOnWriteArrayList<>();
    private Library window;
    private Library command;

    @BeforeEach
    void open() throws Exception {
        folders = new Folders(root.resolve("data"), root.resolve("cache"), root.resolve("run"));
        GuestSource guests = (flavour, progress) -> {
            throw new Failure(Failure.Kind.HOST, Text.of("quick.noapt", "x", "y"));
        };
        window = new Library(folders, config -> {
            FakeMachine machine = new FakeMachine(config);
            machine.sendSerial("boot\n");
            machine.surface.mode(3, 2);
            machine.surface.paint(new Rect(1, 1, 1, 1), 0x123456);
            machine.exits.add(42);
            machine.ps2.state(DeviceState.ACTIVE, "first command");
            machines.add(machine);
            return machine;
        }, guests);
        command = new Library(folders, config -> {
            throw new MachineException(MachineException.Kind.HOST, "not here", null);
        }, guests);
        Files.writeString(root.resolve("kernel"), "k");
        window.create(new NewVm("vm", 64, 1, Engine.AUTO,
                new NewVm.Source.Kernel(root.resolve("kernel"), Optional.empty(), "x"), new NewVm.NewDisk.Blank(8),
                Optional.empty(), true), Progress.NONE);
    }

    @AfterEach
    void close() {
        window.close();
        command.close();
    }

    private VmSession start() throws Failure {
        return window.start("vm", null, new SerialTarget.None());
    }

    private Failure refused(org.junit.jupiter.api.function.Executable action) {
        return assertThrows(Failure.class, action);
    }

    @Test
    void aBlankDiskTakesNoSpaceUntilItIsWritten() throws Exception {
        Path disk = folders.vms().resolve("vm/disk.raw");
        assertEquals(8 << 20, Files.size(disk));
        assertTrue((long) Files.getAttribute(disk, "unix:ino") != 0);
        assertEquals(List.of(disk), window.definition("vm").disks().stream().map(d -> d.file()).toList());
    }

    @Test
    void aVmThatCannotBeMadeLeavesNothing() throws Exception {
        Failure failure = refused(() -> window.create(new NewVm("deb", 64, 1, Engine.AUTO,
                new NewVm.Source.Debian(NewVm.Flavour.CLOUD), new NewVm.NewDisk.None(), Optional.empty(), true),
                Progress.NONE));
        assertEquals(Failure.Kind.HOST, failure.kind());
        assertTrue(Files.notExists(folders.vms().resolve("deb")));
    }

    @Test
    void anotherProcessSeesAndSteersARunningVm() throws Exception {
        start();
        assertEquals(VmState.RUNNING, command.list().getFirst().state());
        assertFalse(command.list().getFirst().here());
        try (VmSession remote = command.session("vm")) {
            VmStatus status = remote.status();
            assertEquals(MachineState.RUNNING, status.state());
            assertEquals("software", status.engine());
            assertEquals(64, status.memoryMiB());
            assertEquals(Optional.of(true), status.heartbeat());
            assertEquals(3, status.screenWidth());
            assertEquals(ProcessHandle.current().pid(), status.processId());

            remote.pause();
            assertEquals(VmState.PAUSED, command.list().getFirst().state());
            assertEquals(Failure.Kind.STATE, refused(remote::pause).kind());
            remote.resume();
            remote.reset();
            assertEquals(1, machines.getFirst().resets());
            assertEquals("boot\n", remote.serialText());

            remote.type("aB\n");
            remote.key("ctrl-alt-delete");
            assertEquals(List.of("1e", "-1e", "2a", "30", "-30", "-2a", "1c", "-1c",
                    "1d", "38", "153", "-153", "-38", "-1d"), machines.getFirst().pressed());
            assertTrue(refused(() -> remote.type("한")).getMessage().contains("한"));
            assertTrue(refused(() -> remote.key("ctrl-fish")).getMessage().contains("fish"));
            assertEquals(14, machines.getFirst().pressed().size(), "a refused text presses nothing");
        }
    }

    @Test
    void devicesArriveUnchanged() throws Exception {
        VmSession local = start();
        try (VmSession remote = command.session("vm")) {
            assertEquals(local.devices(), remote.devices());
            DeviceReport keyboard = remote.devices().stream().filter(device -> device.id().equals("ps2-keyboard"))
                    .findFirst().orElseThrow();
            assertEquals(42L, keyboard.counters().get("exits"));
            assertEquals("first command", keyboard.events().getFirst().reason());
        }
    }

    @Test
    void theScreenshotIsAPngOfTheGuestsPixels() throws Exception {
        VmSession local = start();
        try (VmSession remote = command.session("vm")) {
            byte[] png = remote.screenshot();
            assertArrayEquals(local.screenshot(), png);
            // An independent reader; the product itself does without java.desktop.
            LibraryTest.class.getModule().addReads(ModuleLayer.boot().findModule("java.desktop").orElseThrow());
            var image = ImageIO.read(new ByteArrayInputStream(png));
            assertEquals(3, image.getWidth());
            assertEquals(2, image.getHeight());
            assertEquals(0xFF123456, image.getRGB(1, 1));
            assertEquals(0xFF000000, image.getRGB(0, 0));
        }
    }

    @Test
    void aSecondStartIsRefusedHereAndElsewhere() throws Exception {
        start();
        Failure here = refused(this::start);
        assertEquals(Failure.Kind.STATE, here.kind());
        Failure elsewhere = refused(() -> command.start("vm", null, new SerialTarget.None()));
        assertEquals(Failure.Kind.STATE, elsewhere.kind());
        assertTrue(elsewhere.getMessage().contains(Long.toString(ProcessHandle.current().pid())),
                elsewhere.getMessage());
        assertEquals(1, machines.size());
        assertEquals(Failure.Kind.STATE, refused(() -> command.delete("vm")).kind());
        assertEquals(Failure.Kind.STATE, refused(() -> command.update(command.definition("vm"))).kind());
    }

    @Test
    void aVmThatEndedCanBeStartedAtOnceAgain() throws Exception {
        for (int round = 0; round < 20; round++) {
            start();
            try (VmSession remote = command.session("vm")) {
                if (round % 2 == 0) {
                    assertTrue(remote.shutDown());
                    assertTrue(remote.awaitEnd(5000));
                } else {
                    remote.kill();
                }
            }
            assertEquals(VmState.OFF, command.list().getFirst().state());
        }
        assertEquals(20, machines.size());
        try (var left = Files.list(folders.runtime())) {
            assertEquals(0, left.count(), "no socket stays behind");
        }
    }

    @Test
    void aVmThatDiesIsGoneForEverybody() throws Exception {
        VmSession local = start();
        try (VmSession remote = command.session("vm")) {
            machines.getFirst().end(new Ending.Failed("triple fault"));
            assertTrue(local.awaitEnd(5000));
            assertTrue(remote.awaitEnd(5000));
            assertEquals(Failure.Kind.STATE, refused(remote::status).kind());
        }
        assertEquals(Failure.Kind.STATE, refused(() -> command.session("vm")).kind());
        assertEquals(Failure.Kind.NOT_FOUND, refused(() -> command.session("other")).kind());
    }

    @Test
    void aStartThatFailsLetsGoOfEverything() throws Exception {
        assertEquals("not here", refused(() -> command.start("vm", null, new SerialTarget.None())).getMessage());
        start();
        assertEquals(1, machines.size());
        Files.delete(root.resolve("kernel"));
        machines.getFirst().end(new Ending.TurnedOff());
        Failure failure = null;
        for (int i = 0; i < 100 && (failure == null || failure.kind() == Failure.Kind.STATE); i++) {
            Thread.sleep(10);
            failure = refused(this::start);
        }
        assertEquals(Failure.Kind.BAD_INPUT, failure.kind());
        assertTrue(failure.getMessage().contains(root.resolve("kernel").toString()), failure.getMessage());
    }

    @Test
    void theSocketIsTheOwnersAlone() throws Exception {
        start();
        Path socket = new ControlSockets(folders.runtime(), folders.vms()).of("vm");
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folders.runtime())));
    }

    @Test
    void aDeadProcessesSocketIsNotARunningVm() throws Exception {
        Path socket = new ControlSockets(folders.ownRuntime(), folders.vms()).of("vm");
        try (var dead = java.nio.channels.ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(socket));
        }
        assertTrue(Files.exists(socket));
        assertEquals(VmState.OFF, command.list().getFirst().state());
        start();
        assertEquals(VmState.RUNNING, command.list().getFirst().state());
    }

    @Test
    void rubbishOnTheSocketIsAnsweredOrDroppedAndTheVmGoesOn() throws Exception {
        start();
        Path socket = new ControlSockets(folders.runtime(), folders.vms()).of("vm");
        for (String line : List.of("{", "[]", "null", "{\"verb\":\"fly\"}", "{\"verb\":7}", "\u0000")) {
            try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
                channel.write(ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8)));
                ByteBuffer answer = ByteBuffer.allocate(4096);
                channel.read(answer);
                String text = new String(answer.array(), 0, answer.position(), StandardCharsets.UTF_8);
                assertTrue(text.startsWith("{\"ok\":false"), line + " -> " + text);
            }
        }
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            byte[] endless = new byte[ControlProtocol.MAX_REQUEST + 1000];
            java.util.Arrays.fill(endless, (byte) 'x');
            ByteBuffer buffer = ByteBuffer.wrap(endless);
            try {
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
                assertEquals(-1, channel.read(ByteBuffer.allocate(10)), "a line without end is cut");
            } catch (java.io.IOException closed) {
                // The server hung up while we were still writing: as good.
            }
        }
        assertEquals(VmState.RUNNING, command.list().getFirst().state());
    }

    @Test
    void idleConnectionsDoNotHoldUpTheEnd() throws Exception {
        VmSession local = start();
        List<VmSession> idle = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            idle.add(command.session("vm"));
        }
        long begin = System.nanoTime();
        local.kill();
        assertTrue(System.nanoTime() - begin < 2_000_000_000L);
        idle.forEach(VmSession::close);
    }

    @Test
    void listenersHearOfOtherProcesses() throws Exception {
        var heard = new java.util.concurrent.LinkedBlockingQueue<String>();
        command.addListener(heard::add);
        start();
        assertEquals("vm", heard.poll(5, java.util.concurrent.TimeUnit.SECONDS));
    }
}
