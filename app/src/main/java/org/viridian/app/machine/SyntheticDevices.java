package org.viridian.app.machine;

import java.util.List;
import java.util.Optional;
import org.viridian.devices.emulated.Board;
import org.viridian.devices.input.InputRouter;
import org.viridian.display.surface.Surface;
import org.viridian.display.vga.VgaDevice;
import org.viridian.engine.device.DeviceNode;
import org.viridian.engine.hyperv.HypervisorInterface;
import org.viridian.engine.partition.Partition;
import org.viridian.engine.processor.CpuidEntry;

/** The synthetic side of a machine: hypervisor interface, VMBus and the VSPs on it; empty when integration is off. */
final class SyntheticDevices implements AutoCloseable {
    private final List<CpuidEntry> cpuid;

    SyntheticDevices(MachineConfig config, Partition partition, Board board, VgaDevice vga, InputRouter input)
            throws MachineException {
        if (!config.integration()) {
            cpuid = partition.backend().supportedCpuid();
            return;
        }
        HypervisorInterface hypervisor = new HypervisorInterface(partition, config.processors());
        cpuid = hypervisor.cpuid();
    }

    List<CpuidEntry> cpuid() {
        return cpuid;
    }

    List<DeviceNode> nodes() {
        return List.of();
    }

    /** The VM has been reset. */
    void reset() {}

    /** Asks the guest to power off; false when no driver listens. */
    boolean requestShutdown() {
        return false;
    }

    boolean screenActive() {
        return false;
    }

    Surface screen() {
        return null;
    }

    Optional<Boolean> heartbeat() {
        return Optional.empty();
    }

    @Override
    public void close() {}
}
