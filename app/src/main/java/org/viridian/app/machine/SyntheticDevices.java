package org.viridian.app.machine;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.viridian.devices.emulated.Board;
import org.viridian.devices.input.InputRouter;
import org.viridian.devices.inventory.Handover;
import org.viridian.devices.synthetic.SyntheticDevice;
import org.viridian.devices.synthetic.input.KeyboardVsp;
import org.viridian.devices.synthetic.input.MouseVsp;
import org.viridian.devices.synthetic.integration.Heartbeat;
import org.viridian.devices.synthetic.integration.Shutdown;
import org.viridian.devices.synthetic.integration.TimeSync;
import org.viridian.display.surface.Surface;
import org.viridian.display.synthvideo.VideoVsp;
import org.viridian.display.vga.VgaDevice;
import org.viridian.engine.backend.BackendPartition;
import org.viridian.engine.device.DeviceNode;
import org.viridian.engine.device.DeviceState;
import org.viridian.engine.hyperv.HypervisorInterface;
import org.viridian.engine.partition.Partition;
import org.viridian.engine.processor.CpuidEntry;
import org.viridian.vmbus.server.VmbusServer;

/**
 * The synthetic side of a machine: hypervisor interface, VMBus and the VSPs on it, each paired with its emulated twin.
 * Empty when integration is off.
 */
final class SyntheticDevices implements AutoCloseable {
    private final List<CpuidEntry> cpuid;
    private final List<SyntheticDevice> devices = new ArrayList<>();
    private VmbusServer vmbus;
    private VideoVsp video;
    private Heartbeat heartbeat;
    private Shutdown shutdown;

    SyntheticDevices(MachineConfig config, Partition partition, Board board, VgaDevice vga, InputRouter input) {
        BackendPartition backend = partition.backend();
        if (!config.integration()) {
            cpuid = backend.supportedCpuid();
            return;
        }
        HypervisorInterface hypervisor = new HypervisorInterface(partition, config.processors());
        cpuid = hypervisor.cpuid();
        vmbus = new VmbusServer(config.name(), hypervisor.synic(), partition.memory(), config.processors());

        video = add(new VideoVsp(partition.memory(), partition.clock()));
        KeyboardVsp keyboard = add(new KeyboardVsp(partition.clock()::nanoTime));
        MouseVsp mouse = add(new MouseVsp(partition.clock()::nanoTime));
        heartbeat = add(new Heartbeat(partition.clock()));
        shutdown = add(new Shutdown(partition.clock()::nanoTime));
        add(new TimeSync(partition.clock(), () -> hypervisor.referenceTime(0), InstantSource.system()));

        Handover.pair(video.node(), vga);
        input.pairKeyboard(keyboard, keyboard.node(), board.keyboard());
        input.pairPointer(mouse, mouse.node(), board.mouse());
        devices.forEach(vmbus::offer);
    }

    private <T extends SyntheticDevice> T add(T device) {
        devices.add(device);
        return device;
    }

    /** What CPUID answers in this machine. */
    List<CpuidEntry> cpuid() {
        return cpuid;
    }

    List<DeviceNode> nodes() {
        return devices.stream().map(SyntheticDevice::node).toList();
    }

    /** The VM has been reset: no device touches guest memory on return. */
    void reset() {
        if (vmbus != null) {
            vmbus.reset();
            devices.forEach(SyntheticDevice::reset);
        }
    }

    /** Asks the guest to power off; false when no driver listens. */
    boolean requestShutdown() {
        return shutdown != null && shutdown.powerOff();
    }

    /** True while the guest draws through the video VSC. */
    boolean screenActive() {
        return video != null && video.node().state() == DeviceState.ACTIVE;
    }

    Surface screen() {
        return video.surface();
    }

    Optional<Boolean> heartbeat() {
        return heartbeat == null ? Optional.empty() : heartbeat.beating();
    }

    @Override
    public void close() {
        if (vmbus != null) {
            vmbus.close();
        }
    }
}
