package org.viridian.app.machine;

import java.util.List;
import java.util.Optional;
import org.viridian.devices.input.KeyboardSink;
import org.viridian.devices.input.PointerSink;
import org.viridian.devices.synthetic.network.NetworkVsp;
import org.viridian.display.surface.Surface;
import org.viridian.engine.device.DeviceNode;

/**
 * A machine that can be started, as the command core and the windows see it. A machine lives from power-on to power-off;
 * starting the VM again builds a new one.
 *
 * <p>Thread rule: any thread; the methods that change the state return when the change is done, except {@link #shutDown}.
 */
public interface Machine extends AutoCloseable {
    /** What it was built from. */
    MachineConfig config();

    /** {@code kvm} or {@code software}: the backend that really runs it. */
    String engine();

    /** The present state. */
    MachineState state();

    /** Why it ended, once it has. */
    Optional<Ending> ending();

    /** Adds a listener. */
    void addListener(MachineListener listener);

    /** Powers on. Once. */
    void start() throws MachineException;

    /** Stops processors and clock. */
    void pause();

    /** Goes on after {@link #pause}. */
    void resume();

    /** Presses reset. */
    void reset();

    /**
     * Asks the guest to power off through the shutdown integration service, or by the ACPI power button when no driver
     * listens there.
     *
     * @return false when the guest has neither
     */
    boolean shutDown();

    /** Turns off at once; what the guest has not flushed is lost to it. Idempotent. */
    @Override
    void close();

    /** Waits for the end. */
    Ending awaitEnd() throws InterruptedException;

    /** Nanoseconds since power-on without pauses. */
    long uptimeNanos();

    /** Exits or instructions so far, for the CPU column: share of host processor time used, 0–processors. */
    double processorLoad();

    /** Every device, emulated and synthetic. */
    List<DeviceNode> devices();

    /** The screen that is active at this moment: the video VSP's once its VSC has opened, else VGA. */
    Surface screen();

    /** Where keys go: the router over PS/2 and the keyboard VSP. */
    KeyboardSink keyboard();

    /** Where the pointer goes. */
    PointerSink pointer();

    /** What COM1 has sent, at most the last 64 KiB, as ISO 8859-1 text. */
    String serialText();

    /** What the firmware has printed on its debug port, at most 64 KiB; empty without firmware. */
    String firmwareLog();

    /** Types bytes into COM1. */
    void serialInput(byte[] bytes);

    /** Whether the heartbeat integration service has beaten lately: empty when no driver listens. */
    Optional<Boolean> heartbeat();

    /** What is in which drive. */
    default List<Drive> drives() {
        return List.of();
    }

    /** Adds a hard disk to the SCSI controller and tells the guest; returns its LUN. */
    default int attachDisk(MachineConfig.Disk disk) throws MachineException {
        throw new MachineException(MachineException.Kind.STATE, org.viridian.app.text.Text.of("machine.disk.no-controller", config().name()), null);
    }

    /** Takes a hard disk away and tells the guest; on return its file is free. */
    default void detachDisk(int lun) throws MachineException {
        throw new MachineException(MachineException.Kind.STATE, org.viridian.app.text.Text.of("machine.disk.no-lun", config().name(), lun), null);
    }

    /** Takes the hard disk with this file away. */
    default void detachDisk(java.nio.file.Path file) throws MachineException {
        throw new MachineException(MachineException.Kind.STATE,
                org.viridian.app.text.Text.of("machine.disk.not-attached", file, config().name()), null);
    }

    /**
     * Changes the disc in the DVD drive.
     *
     * @param iso what to put in, or empty to take the disc out
     * @param force also when the guest has locked the tray
     */
    default void changeDisc(Optional<java.nio.file.Path> iso, boolean force) throws MachineException {
        throw new MachineException(MachineException.Kind.STATE, org.viridian.app.text.Text.of("machine.dvd.none", config().name()), null);
    }

    /** The synthetic network adapter, when the machine has one. */
    default Optional<NetworkVsp> networkAdapter() {
        return Optional.empty();
    }
}
