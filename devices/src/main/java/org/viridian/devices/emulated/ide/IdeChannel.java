package org.viridian.devices.emulated.ide;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.viridian.devices.emulated.EmulatedDevice;
import org.viridian.engine.bus.PortBus;
import org.viridian.engine.bus.PortHandler;
import org.viridian.engine.interrupt.InterruptLine;

/**
 * One IDE channel in legacy mode: command block, control block, and up to two drives (ATA/ATAPI-6; 82371AB). A channel
 * without drives reads all ones, which software takes for an empty connector at once.
 *
 * <p>Thread rule: under the device lock. Host files are read and written on one virtual thread of the channel, so that
 * operations reach an image in the order of the commands; their completion takes the device lock again.
 */
public final class IdeChannel extends EmulatedDevice implements PortHandler {
    private static final int DATA = 0;
    private static final int ERROR = 1;
    private static final int DEVICE = 6;
    private static final int STATUS = 7;
    private static final int NO_INTERRUPT = 0x02;
    private static final int SOFT_RESET = 0x04;
    private static final int HIGH_ORDER = 0x80;
    private static final int DEVICE_RESET = 0x08;
    private static final int DIAGNOSTIC = 0x90;
    private static final long CLOSE_SECONDS = 30;

    /** Volatile state; the drives save themselves. */
    public record State(TaskFile.State task, int control, boolean pending, BusMaster.State busMaster) {}

    /** Work on a host file, without the device lock. */
    interface HostWork {
        void run() throws IOException;
    }

    // Static.
    private final int base;
    private final int controlPort;
    private final IdeDrive[] drives = new IdeDrive[2];

    // Glue.
    private final ReentrantLock deviceLock;
    private final InterruptLine irq;
    private final ExecutorService worker;

    // Volatile.
    private final TaskFile task = new TaskFile();
    private final BusMaster busMaster;
    private int control;
    private boolean pending;
    /** Completions of an older life are dropped. */
    private int generation;

    IdeChannel(int number, int base, int controlPort, InterruptLine irq, BusMaster busMaster, ReentrantLock deviceLock,
            LongSupplier clock) {
        super("ide" + number, "IDE channel " + number, "storage", clock);
        this.base = base;
        this.controlPort = controlPort;
        this.irq = irq;
        this.busMaster = busMaster;
        this.deviceLock = deviceLock;
        this.worker = Executors.newSingleThreadExecutor(Thread.ofVirtual().name("ide" + number).factory());
        node().resource("ports", () -> "%04x-%04x, %04x".formatted(base, base + 7, controlPort));
        node().resource("irq", () -> number == 0 ? "14" : "15");
    }

    void attach(PortBus ports) {
        ports.register(base, 8, this);
        ports.register(controlPort, 1, this);
    }

    /** Plugs a drive in; while the board is built. */
    void plug(int number, IdeDrive drive) {
        drives[number] = drive;
        drive.plug(this);
        drive.softReset();
        resetTask();
    }

    TaskFile task() {
        return task;
    }

    BusMaster busMaster() {
        return busMaster;
    }

    private boolean empty() {
        return drives[0] == null && drives[1] == null;
    }

    private IdeDrive selected() {
        return drives[(task.device & TaskFile.DEVICE_1) != 0 ? 1 : 0];
    }

    @Override
    public int read(int port, int size) {
        accessed();
        if (empty()) {
            return -1;
        }
        IdeDrive drive = selected();
        if (port == controlPort) {
            return drive == null ? 0 : drive.status;
        }
        return switch (port - base) {
            case DATA -> drive == null ? -1 : drive.readData(size);
            case ERROR -> drive == null ? 0 : drive.error;
            case STATUS -> {
                setPending(false);
                yield drive == null ? 0 : drive.status;
            }
            default -> task.read(port - base, (control & HIGH_ORDER) != 0);
        };
    }

    @Override
    public void write(int port, int size, int value) {
        accessed();
        if (empty()) {
            return;
        }
        IdeDrive drive = selected();
        if (port == controlPort) {
            control(value & 0xFF);
        } else if (port == base + DATA) {
            if (drive != null) {
                drive.writeData(size, value);
            }
        } else if (port == base + STATUS) {
            command(drive, value & 0xFF);
        } else if (drive == null || (drive.status & IdeDrive.BUSY) == 0 || port == base + DEVICE) {
            control &= ~HIGH_ORDER;
            task.write(port - base, value & 0xFF);
        }
    }

    private void command(IdeDrive drive, int code) {
        if (code == DIAGNOSTIC) {
            // Goes to both drives, whichever is selected.
            task.device = 0;
            softReset();
            if (drives[0] != null) {
                interrupt();
            }
            return;
        }
        if (drive == null || (drive.status & IdeDrive.BUSY) != 0 && code != DEVICE_RESET) {
            return;
        }
        setPending(false);
        drive.touched();
        drive.command(code);
    }

    private void control(int value) {
        boolean ends = (control & SOFT_RESET) != 0 && (value & SOFT_RESET) == 0;
        control = value;
        if ((value & SOFT_RESET) != 0) {
            cancel();
            for (IdeDrive drive : drives) {
                if (drive != null) {
                    drive.idle(IdeDrive.BUSY, 0);
                }
            }
        } else if (ends) {
            softReset();
        }
        drive();
    }

    private void softReset() {
        cancel();
        for (IdeDrive drive : drives) {
            if (drive != null) {
                drive.softReset();
            }
        }
        resetTask();
    }

    /** The drive that answers after a reset shows its signature. */
    private void resetTask() {
        task.device = 0;
        IdeDrive first = drives[0] != null ? drives[0] : drives[1];
        if (first != null) {
            first.signature();
        }
    }

    /** The drive has something to say. */
    void interrupt() {
        busMaster.interrupt();
        setPending(true);
    }

    private void setPending(boolean next) {
        pending = next;
        drive();
    }

    private void drive() {
        irq.set(pending && (control & NO_INTERRUPT) == 0);
    }

    /** Drops what the host still does for the present command; its completion will not be heard. */
    void cancel() {
        generation++;
        setPending(false);
    }

    void masterStarted() {
        IdeDrive drive = selected();
        if (drive != null) {
            drive.masterStarted();
        }
    }

    /**
     * Runs {@code work} without the device lock and then {@code completion} under it, unless the command was cancelled in
     * the meantime. The completion gets null, or why the work failed.
     */
    void background(HostWork work, Consumer<IOException> completion) {
        int born = generation;
        try {
            worker.execute(() -> {
                IOException failure = null;
                try {
                    work.run();
                } catch (IOException refused) {
                    failure = refused;
                } catch (RuntimeException defect) {
                    failure = new IOException(defect);
                }
                if (failure != null) {
                    System.getLogger("org.viridian.devices.ide").log(System.Logger.Level.ERROR, node().id(), failure);
                }
                deviceLock.lock();
                try {
                    if (born == generation) {
                        completion.accept(failure);
                    }
                } finally {
                    deviceLock.unlock();
                }
            });
        } catch (RejectedExecutionException closed) {
            // The machine is going away; the guest will not look any more.
            return;
        }
    }

    /** Waits until the host has done what it was asked so far. Without the device lock. */
    void drain() {
        CountDownLatch done = new CountDownLatch(1);
        try {
            worker.execute(done::countDown);
            done.await();
        } catch (RejectedExecutionException closed) {
            // Closing has waited for it already.
            return;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The lock under which the drives run, for hands that change media. */
    ReentrantLock lock() {
        return deviceLock;
    }

    @Override
    public void reset() {
        idleAfterReset();
        task.reset();
        control = 0;
        busMaster.reset();
        softReset();
    }

    @Override
    public Record save() {
        return new State(task.save(), control, pending, busMaster.save());
    }

    @Override
    public void restore(Record state) {
        State s = own(State.class, state);
        if (s.task == null || s.busMaster == null) {
            throw new IllegalArgumentException(node().id() + " state is incomplete");
        }
        generation++;
        task.restore(s.task);
        control = s.control & 0xFF;
        busMaster.restore(s.busMaster);
        setPending(s.pending);
    }

    /** Waits until everything the guest was told is written has reached the image. */
    @Override
    public void close() {
        worker.shutdown();
        try {
            if (!worker.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                System.getLogger("org.viridian.devices.ide").log(System.Logger.Level.WARNING, node().id() + " is still busy");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
