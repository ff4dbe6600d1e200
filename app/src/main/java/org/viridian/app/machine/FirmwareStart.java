package org.viridian.app.machine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.viridian.app.machine.MachineConfig.BootDevice;
import org.viridian.app.text.Text;
import org.viridian.devices.emulated.Board;
import org.viridian.devices.emulated.BoardConfig;
import org.viridian.devices.emulated.firmware.DebugConsole;
import org.viridian.devices.emulated.firmware.FirmwareCmos;
import org.viridian.devices.emulated.firmware.FirmwareConfig;
import org.viridian.devices.emulated.pci.GenerationOneDisplay;
import org.viridian.devices.emulated.pci.PciFunction;
import org.viridian.engine.firmware.BoardMap;
import org.viridian.engine.firmware.FirmwareTables;
import org.viridian.engine.firmware.Smbios;
import org.viridian.engine.firmware.VideoBios;
import org.viridian.engine.memory.MemoryRegion;
import org.viridian.engine.partition.Partition;
import org.viridian.engine.processor.VirtualProcessor;

/** Starts in a BIOS: it finds ROMs, fw_cfg and drives, and the processors at the reset vector. */
final class FirmwareStart implements StartUp {
    private static final int LARGEST = 4 << 20;

    private final MachineConfig config;
    private final MachineConfig.Firmware firmware;
    private final byte[] bios;
    private final byte[] videoBios;
    private FirmwareConfig settings;
    private DebugConsole log;
    private boolean menuShown;

    private FirmwareStart(MachineConfig config, MachineConfig.Firmware firmware, byte[] bios, byte[] videoBios) {
        this.config = config;
        this.firmware = firmware;
        this.bios = bios;
        this.videoBios = videoBios;
    }

    /** Reads and checks the images. */
    static FirmwareStart read(MachineConfig config, MachineConfig.Firmware firmware) throws MachineException {
        byte[] bios = bytes(firmware.bios());
        if (bios.length < 128 << 10 || bios.length % 4096 != 0) {
            throw new MachineException(MachineException.Kind.BAD_INPUT,
                    Text.of("machine.file.size", firmware.bios(), bios.length), null);
        }
        try {
            byte[] videoBios = VideoBios.withIds(bytes(firmware.videoBios()), GenerationOneDisplay.VENDOR, GenerationOneDisplay.DEVICE);
            return new FirmwareStart(config, firmware, bios, videoBios);
        } catch (IllegalArgumentException refused) {
            throw new MachineException(MachineException.Kind.BAD_INPUT,
                    Text.of("machine.videobios", firmware.videoBios(), refused.getMessage()), refused);
        }
    }

    private static byte[] bytes(Path file) throws MachineException {
        try {
            if (Files.size(file) > LARGEST) {
                throw new MachineException(MachineException.Kind.BAD_INPUT, Text.of("machine.file.size", file, Files.size(file)), null);
            }
            return Files.readAllBytes(file);
        } catch (IOException refused) {
            throw new MachineException(MachineException.Kind.BAD_INPUT,
                    Text.of("machine.firmware.unreadable", file, refused.getMessage()), refused);
        }
    }

    @Override
    public BoardConfig board() {
        return BoardConfig.withFirmware(config.processors(), bios);
    }

    @Override
    public List<BoardMap.Range> ram() {
        return BoardMap.ramAroundShadow(config.memoryBytes());
    }

    @Override
    public PciFunction display() {
        return new GenerationOneDisplay(videoBios);
    }

    @Override
    public boolean presetText() {
        return false;
    }

    @Override
    public void equip(Partition partition, Board board) {
        long low = BoardMap.lowMemoryEnd(partition.memory());
        long high = partition.memory().regions().stream().filter(region -> region.base() == BoardMap.HIGH_MEMORY)
                .mapToLong(MemoryRegion::size).sum();
        FirmwareCmos.describe(board.rtc(), low, high);
        settings = board.add(new FirmwareConfig(partition.memory(), config.processors(), config.memoryBytes(), partition.clock()::nanoTime));
        settings.attach(partition.ports());
        log = board.add(new DebugConsole(partition.clock()::nanoTime));
        log.attach(partition.ports());
        FirmwareTables.files(partition.memory(), config.processors(), config.integration(),
                config.integration() ? Smbios.Identity.HYPER_V : Smbios.Identity.VIRIDIAN,
                KernelStart.id(config), config.memoryBytes()).forEach(settings::file);
        settings.file("bootorder", bootOrder().getBytes(StandardCharsets.US_ASCII));
        settings.file("etc/boot-menu-wait", new byte[] {(byte) 0xFF, (byte) 0xFF});
    }

    /** The drives in the words of SeaBIOS (src/boot.c): a path of Open Firmware names a line. */
    private String bootOrder() {
        List<BootDevice> order = new ArrayList<>(firmware.order());
        for (BootDevice device : BootDevice.values()) {
            if (!order.contains(device)) {
                order.add(device);
            }
        }
        StringBuilder text = new StringBuilder();
        for (BootDevice device : order) {
            switch (device) {
                case CD -> text.append(path(IdeDrives.CD_CHANNEL, IdeDrives.CD_DEVICE));
                case DISK -> {
                    for (int disk = 0; disk < Math.min(config.disks().size(), IdeDrives.DISKS); disk++) {
                        text.append(path(IdeDrives.channel(disk), IdeDrives.device(disk)));
                    }
                }
            }
        }
        return text + "\0";
    }

    private static String path(int channel, int device) {
        return "/pci@i0cf8/*@7,1/drive@%d/disk@%d\n".formatted(channel, device);
    }

    @Override
    public void prepare(Partition partition) {
        partition.processors().forEach(VirtualProcessor::reset);
        settings.bootMenu(firmware.bootMenu() && !menuShown);
        menuShown = true;
    }

    @Override
    public String log() {
        return log.text();
    }
}
