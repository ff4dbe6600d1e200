package org.viridian.app.machine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.viridian.devices.emulated.Board;
import org.viridian.devices.input.InputRouter;
import org.viridian.devices.inventory.Handover;
import org.viridian.devices.storage.DiskImage;
import org.viridian.devices.storage.ImageException;
import org.viridian.devices.storage.RawImage;
import org.viridian.devices.synthetic.SyntheticDevice;
import org.viridian.devices.synthetic.input.SyntheticKeyboard;
import org.viridian.devices.synthetic.input.SyntheticMouse;
import org.viridian.devices.synthetic.integration.HeartbeatService;
import org.viridian.devices.synthetic.integration.ShutdownService;
import org.viridian.devices.synthetic.integration.TimeSyncService;
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
    private final List<DiskImage> images = new ArrayList<>();
    private VmbusServer vmbus;
    private SyntheticVideo video;
    private HeartbeatService heartbeat;
    private ShutdownService shutdown;

    SyntheticDevices(MachineConfig config, Partition partition, Board board, VgaDevice vga, InputRouter input)
            throws MachineException {
        BackendPartition backend = partition.backend();
        if (!config.integration()) {
            cpuid = backend.supportedCpuid();
            return;
        }
        HypervisorInterface hypervisor = new HypervisorInterface(partition, config.processors());
        cpuid = hypervisor.cpuid();
        ScsiController scsi = controller(config, partition);
        vmbus = new VmbusServer(config.name(), hypervisor.synic(), partition.memory(), config.processors());

        video = add(new SyntheticVideo(partition.memory(), partition.clock(), VideoConfig.standard()));
        SyntheticKeyboard keyboard = add(new SyntheticKeyboard(partition.clock()));
        SyntheticMouse mouse = add(new SyntheticMouse(partition.clock()));
        heartbeat = add(new HeartbeatService(partition.clock()));
        shutdown = add(new ShutdownService(partition.clock()));
        add(new TimeSyncService(partition.clock(), () -> hypervisor.referenceTime(0)));

        add(scsi);

        Handover.pair(video.node(), vga);
        input.pairKeyboard(keyboard, keyboard.node(), board.keyboard());
        input.pairPointer(mouse, mouse.node(), board.mouse());
        devices.forEach(vmbus::offer);
    }

    /** The SCSI controller with the disks from LUN 0 on, then the DVD drive; the drive is there without a disc, too. */
    private ScsiController controller(MachineConfig config, Partition partition) throws MachineException {
        ScsiController scsi = new ScsiController("scsi0", id(config, "scsi0"), partition.clock());
        int lun = 0;
        for (MachineConfig.Disk disk : config.disks()) {
            scsi.attachDisk(lun, open(disk.file(), disk.readOnly()), id(config, "disk" + lun));
            lun++;
        }
        scsi.attachDvd(lun, config.dvd().isPresent() ? open(config.dvd().get(), true) : null);
        return scsi;
    }

    /** Stable over the life of the VM: guests build names from it. */
    private static UUID id(MachineConfig config, String part) {
        return UUID.nameUUIDFromBytes((config.name() + "/" + part).getBytes(StandardCharsets.UTF_8));
    }

    private DiskImage open(Path file, boolean readOnly) throws MachineException {
        try {
            DiskImage image = RawImage.open(file, readOnly);
            images.add(image);
            return image;
        } catch (ImageException refused) {
            closeImages();
            throw Refusals.of(refused);
        }
    }

    private void closeImages() {
        for (DiskImage image : images) {
            try {
                image.close();
            } catch (IOException failure) {
                System.getLogger("org.viridian.app.machine").log(System.Logger.Level.ERROR, "closing " + image.location(), failure);
            }
        }
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
        }
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

    Optional<Boolean> heartbeat() {
        return heartbeat == null ? Optional.empty() : heartbeat.responding();
    }

    @Override
    public void close() {
        if (vmbus != null) {
            vmbus.close();
            video.close();
        }
        closeImages();
    }
}
