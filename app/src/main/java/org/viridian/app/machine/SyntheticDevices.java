package org.viridian.app.machine;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.viridian.devices.emulated.Board;
import org.viridian.devices.input.InputRouter;
import org.viridian.devices.inventory.Bypassable;
import org.viridian.devices.inventory.Handover;
import org.viridian.devices.storage.DiskImage;
import org.viridian.devices.synthetic.SyntheticDevice;
import org.viridian.devices.synthetic.input.SyntheticKeyboard;
import org.viridian.devices.synthetic.input.SyntheticMouse;
import org.viridian.devices.synthetic.integration.HeartbeatService;
import org.viridian.devices.synthetic.integration.ShutdownService;
import org.viridian.devices.synthetic.integration.TimeSyncService;
import org.viridian.devices.synthetic.network.AdapterConfig;
import org.viridian.devices.synthetic.network.NetworkVsp;
import org.viridian.devices.synthetic.storage.ScsiController;
import org.viridian.display.surface.Surface;
import org.viridian.display.synthvideo.SyntheticVideo;
import org.viridian.display.synthvideo.VideoConfig;
import org.viridian.display.vga.VgaDevice;
import org.viridian.engine.backend.BackendPartition;
import org.viridian.engine.device.DeviceNode;
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
    private final List<Handover> diskHandovers = new ArrayList<>();
    private VmbusServer vmbus;
    private SyntheticVideo video;
    private HeartbeatService heartbeat;
    private ShutdownService shutdown;
    private NetworkVsp network;
    private ScsiController storage;
    private int dvdLun = -1;

    SyntheticDevices(MachineConfig config, Partition partition, Board board, VgaDevice vga, InputRouter input,
            MachineImages images, NetworkConnection connection) throws MachineException {
        BackendPartition backend = partition.backend();
        if (!config.integration()) {
            cpuid = backend.supportedCpuid();
            return;
        }
        HypervisorInterface hypervisor = new HypervisorInterface(partition, config.processors());
        cpuid = hypervisor.cpuid();
        ScsiController scsi = controller(config, partition, images);
        vmbus = new VmbusServer(config.name(), hypervisor.synic(), partition.memory(), config.processors());

        video = add(new SyntheticVideo(partition.memory(), partition.clock(), VideoConfig.standard()));
        SyntheticKeyboard keyboard = add(new SyntheticKeyboard(partition.clock()));
        SyntheticMouse mouse = add(new SyntheticMouse(partition.clock()));
        heartbeat = add(new HeartbeatService(partition.clock()));
        shutdown = add(new ShutdownService(partition.clock()));
        add(new TimeSyncService(partition.clock(), () -> hypervisor.referenceTime(0)));

        storage = add(scsi);
        if (connection.port() != null) {
            network = add(new NetworkVsp(new AdapterConfig("net0", id(config, "net0"), AdapterConfig.LARGEST_MTU,
                    config.processors()), connection.port(), partition.clock()));
        }

        Handover.pair(video.node(), vga);
        input.pairKeyboard(keyboard, keyboard.node(), board.keyboard());
        input.pairPointer(mouse, mouse.node(), board.mouse());
        devices.forEach(vmbus::offer);
    }

    /** The SCSI controller with the disks from LUN 0 on, then the DVD drive; the drive is there without a disc, too. */
    private ScsiController controller(MachineConfig config, Partition partition, MachineImages images) {
        ScsiController scsi = new ScsiController("scsi0", id(config, "scsi0"), partition.clock(), config.processors());
        int lun = 0;
        for (DiskImage image : images.disks()) {
            DiskBay.plug(scsi, lun, image, config.disks().get(lun), id(config, "disk" + lun));
            lun++;
        }
        if (config.firmware().isEmpty()) {
            // With firmware the drive is on IDE, where guests leave it even when they take the disks over VMBus.
            dvdLun = lun;
            scsi.attachDvd(lun, images.disc());
        }
        return scsi;
    }

    /** Stable over the life of the VM: guests build names from it. */
    private static UUID id(MachineConfig config, String part) {
        return UUID.nameUUIDFromBytes((config.name() + "/" + part).getBytes(StandardCharsets.UTF_8));
    }

    private <T extends SyntheticDevice> T add(T device) {
        devices.add(device);
        return device;
    }

    /**
     * Declares the IDE disks as twins of the storage VSP's: while a VSC has the channel, the image is written through it
     * alone.
     */
    void pairDisks(List<? extends Bypassable> emulated) {
        devices.stream().filter(ScsiController.class::isInstance).forEach(scsi -> {
            for (Bypassable disk : emulated.reversed()) {
                diskHandovers.add(Handover.pair(scsi.node(), disk));
            }
        });
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
        }
        // Firmware reads the disks at once, so their hand-over must not be left to a thread of its own.
        diskHandovers.forEach(Handover::follow);
    }

    /** Asks the guest to power off; false when no driver listens. */
    boolean requestShutdown() {
        return shutdown != null && shutdown.requestPowerOff();
    }

    /** True while the guest draws through the video VSC. */
    boolean screenActive() {
        return video != null && video.ready() && video.frame() != null;
    }

    Surface screen() {
        return video;
    }

    /** The SCSI controller, or null. */
    ScsiController storage() {
        return storage;
    }

    /** The DVD drive's LUN, or -1. */
    int dvdLun() {
        return dvdLun;
    }

    Optional<NetworkVsp> networkAdapter() {
        return Optional.ofNullable(network);
    }

    Optional<Boolean> heartbeat() {
        return heartbeat == null ? Optional.empty() : heartbeat.responding();
    }

    @Override
    public void close() {
        if (vmbus != null) {
            vmbus.close();
            video.close();
        }
        if (network != null) {
            network.close();
        }
    }
}
