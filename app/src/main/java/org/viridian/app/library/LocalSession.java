package org.viridian.app.library;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.viridian.app.machine.Drive;
import org.viridian.app.machine.Machine;
import org.viridian.app.machine.MachineConfig.Disk;
import org.viridian.app.machine.MachineConfig;
import org.viridian.app.machine.MachineException;
import org.viridian.app.machine.MachineListener;
import org.viridian.app.machine.MachineState;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;
import org.viridian.display.surface.Frame;

/** A VM whose machine lives in this process: holds the machine, the right to run it and its control socket. */
final class LocalSession implements VmSession {
    private final String name;
    private final Machine machine;
    private final RunLock lock;
    private final Consumer<LocalSession> onEnd;
    private final CountDownLatch ended = new CountDownLatch(1);
    private final AtomicBoolean releasing = new AtomicBoolean();
    private final ControlServer server;
    private final PortCapture network;

    private LocalSession(String name, Machine machine, RunLock lock, Path socket, Consumer<LocalSession> onEnd)
            throws Failure {
        this.name = name;
        this.machine = machine;
        this.lock = lock;
        this.onEnd = onEnd;
        this.network = new PortCapture(name, machine);
        this.server = ControlServer.open(socket, this);
    }

    static LocalSession open(MachineConfig config, Path folder, Path socket, MachineFactory machines,
            Consumer<LocalSession> onEnd) throws Failure {
        RunLock lock = RunLock.take(config.name(), folder);
        Machine machine = null;
        try {
            machine = machines.build(config);
            LocalSession session = new LocalSession(config.name(), machine, lock, socket, onEnd);
            machine.addListener(session.new EndWatch());
            return session;
        } catch (MachineException e) {
            lock.close();
            throw Library.failure(e);
        } catch (Failure | RuntimeException e) {
            if (machine != null) {
                machine.close();
            }
            lock.close();
            throw e;
        }
    }

    void powerOn() throws Failure {
        try {
            machine.start();
        } catch (MachineException e) {
            throw Library.failure(e);
        }
    }

    /** Turns the machine off and lets go of everything; returns when that is done. */
    void turnOff() {
        release();
        try {
            ended.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void release() {
        if (!releasing.compareAndSet(false, true)) {
            return;
        }
        try {
            machine.close();
            network.close();
        } finally {
            // The socket's name must be gone before the lock is: the next owner of the lock binds the same name.
            server.stopListening();
            lock.close();
            onEnd.accept(this);
            ended.countDown();
            server.close();
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Optional<Machine> machine() {
        return Optional.of(machine);
    }

    @Override
    public VmStatus status() {
        Frame frame = machine.screen() == null ? null : machine.screen().frame();
        MachineConfig config = machine.config();
        return new VmStatus(machine.state(), machine.engine(), (int) (config.memoryBytes() >> 20), config.processors(),
                machine.uptimeNanos(), machine.processorLoad(), machine.heartbeat(),
                frame == null ? 0 : frame.width(), frame == null ? 0 : frame.height(),
                ProcessHandle.current().pid(), machine.ending().map(ending -> Endings.text(ending).toString()));
    }

    @Override
    public boolean shutDown() throws Failure {
        requireAlive();
        return machine.shutDown();
    }

    @Override
    public void kill() {
        turnOff();
    }

    @Override
    public void pause() throws Failure {
        require(MachineState.RUNNING, "vm.pause.state");
        machine.pause();
    }

    @Override
    public void resume() throws Failure {
        require(MachineState.PAUSED, "vm.resume.state");
        machine.resume();
    }

    @Override
    public void reset() throws Failure {
        requireAlive();
        machine.reset();
    }

    @Override
    public void type(String text) throws Failure {
        requireAlive();
        Keys.type(machine.keyboard(), text);
    }

    @Override
    public void key(String combination) throws Failure {
        requireAlive();
        Keys.press(machine.keyboard(), combination);
    }

    @Override
    public byte[] screenshot() throws Failure {
        requireAlive();
        return Screenshots.png(machine.screen())
                .orElseThrow(() -> new Failure(Failure.Kind.STATE, Text.of("screen.off", name)));
    }

    @Override
    public List<DeviceReport> devices() throws Failure {
        requireAlive();
        return machine.devices().stream().map(DeviceReport::of).toList();
    }

    @Override
    public void networkLink(boolean up) throws Failure {
        requireAlive();
        network.link(up);
    }

    @Override
    public void networkCapture(Optional<Path> file) throws Failure {
        requireAlive();
        network.record(file);
    }

    @Override
    public List<Drive> drives() throws Failure {
        requireAlive();
        return machine.drives();
    }

    @Override
    public int attachDisk(Disk disk) throws Failure {
        requireAlive();
        try {
            return machine.attachDisk(DiskFiles.stated(disk));
        } catch (MachineException e) {
            throw Library.failure(e);
        }
    }

    @Override
    public void detachDisk(Path file) throws Failure {
        requireAlive();
        try {
            machine.detachDisk(file);
        } catch (MachineException e) {
            throw Library.failure(e);
        }
    }

    @Override
    public void changeDisc(Optional<Path> iso, boolean force) throws Failure {
        requireAlive();
        try {
            machine.changeDisc(iso, force);
        } catch (MachineException e) {
            throw Library.failure(e);
        }
    }

    @Override
    public String serialText() {
        return machine.serialText();
    }

    @Override
    public boolean awaitEnd(long timeoutMillis) throws InterruptedException {
        return ended.await(timeoutMillis, TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
        // The VM goes on; it is the library that owns it.
    }

    private void requireAlive() throws Failure {
        if (machine.state() == MachineState.ENDED) {
            throw new Failure(Failure.Kind.STATE, Text.of("vm.off", name));
        }
    }

    private void require(MachineState state, String otherwise) throws Failure {
        requireAlive();
        if (machine.state() != state) {
            throw new Failure(Failure.Kind.STATE, Text.of(otherwise, name));
        }
    }

    /** Lets go when the machine ends by itself; on a thread of its own, for the machine must not be held up. */
    private final class EndWatch implements MachineListener {
        @Override
        public void stateChanged(MachineState state) {
            if (state == MachineState.ENDED) {
                Thread.ofVirtual().name("release-" + name).start(LocalSession.this::release);
            }
        }
    }
}
