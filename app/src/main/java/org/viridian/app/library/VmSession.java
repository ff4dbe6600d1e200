package org.viridian.app.library;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.viridian.app.machine.Drive;
import org.viridian.app.machine.Machine;
import org.viridian.app.machine.MachineConfig.Disk;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;

/**
 * A hold on a VM that is running, in this process or in another. Every method fails with {@link Failure.Kind#STATE}
 * once the VM has ended.
 *
 * <p>Thread rule: any thread; a remote session blocks for the answer, so never call it on the JavaFX thread.
 */
public interface VmSession extends AutoCloseable {
    /** The VM's name. */
    String name();

    /** The machine itself, when it lives in this process: for the console and the live device manager. */
    Optional<Machine> machine();

    /** Figures at this moment. */
    VmStatus status() throws Failure;

    /**
     * Asks the guest to power off.
     *
     * @return false when nothing in the guest listens
     */
    boolean shutDown() throws Failure;

    /** Turns off at once. */
    void kill() throws Failure;

    /** Lets the processors stand still. */
    void pause() throws Failure;

    /** Goes on. */
    void resume() throws Failure;

    /** Presses reset. */
    void reset() throws Failure;

    /** Types text as on a US keyboard; fails with the first character that has no key. */
    void type(String text) throws Failure;

    /** Presses keys together, such as {@code ctrl-alt-delete}, {@code enter} or {@code shift-f10}. */
    void key(String combination) throws Failure;

    /** The screen at native size as a PNG file. */
    byte[] screenshot() throws Failure;

    /** Every device. */
    List<DeviceReport> devices() throws Failure;

    /** Pulls the cable of the network adapter or puts it in. */
    void networkLink(boolean up) throws Failure;

    /** Records the network adapter's frames to a pcapng file on the VM's host, or ends the recording. */
    void networkCapture(Optional<Path> file) throws Failure;

    /** What is in which drive. */
    default List<Drive> drives() throws Failure {
        return List.of();
    }

    /** Adds a hard disk; returns its LUN. A disk without a stated format is looked at and keeps what it looks like. */
    default int attachDisk(Disk disk) throws Failure {
        throw new Failure(Failure.Kind.STATE, Text.of("machine.disk.no-controller", name()));
    }

    /** Takes the hard disk with this file away. */
    default void detachDisk(Path file) throws Failure {
        throw new Failure(Failure.Kind.STATE, Text.of("machine.disk.not-attached", file, name()));
    }

    /** Puts a disc into the DVD drive, or takes it out; {@code force} also when the guest has locked the tray. */
    default void changeDisc(Optional<Path> iso, boolean force) throws Failure {
        throw new Failure(Failure.Kind.STATE, Text.of("machine.dvd.none", name()));
    }

    /** What COM1 has sent lately. */
    String serialText() throws Failure;

    /** Waits until the VM has ended, at most so long; true when it has. */
    boolean awaitEnd(long timeoutMillis) throws Failure, InterruptedException;

    /** Lets go of the connection. The VM goes on. */
    @Override
    void close();
}
