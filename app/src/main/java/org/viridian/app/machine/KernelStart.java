package org.viridian.app.machine;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import org.viridian.devices.emulated.Board;
import org.viridian.devices.emulated.BoardConfig;
import org.viridian.devices.emulated.pci.GenerationOneDisplay;
import org.viridian.devices.emulated.pci.PciFunction;
import org.viridian.engine.firmware.AcpiTables;
import org.viridian.engine.firmware.BoardMap;
import org.viridian.engine.firmware.Smbios;
import org.viridian.engine.loader.BootLoader;
import org.viridian.engine.loader.FirmwareSetup;
import org.viridian.engine.loader.LoaderException;
import org.viridian.engine.partition.Partition;

/** Starts a kernel directly: what firmware would leave behind is made here. */
record KernelStart(MachineConfig config, BootLoader loader) implements StartUp {
    @Override
    public BoardConfig board() {
        return BoardConfig.direct(config.processors());
    }

    @Override
    public List<BoardMap.Range> ram() {
        return BoardMap.ram(config.memoryBytes());
    }

    @Override
    public PciFunction display() {
        return new GenerationOneDisplay(false);
    }

    @Override
    public boolean presetText() {
        return true;
    }

    @Override
    public void equip(Partition partition, Board board) {
        // A kernel needs nothing but the tables in memory.
    }

    @Override
    public String log() {
        return "";
    }

    @Override
    public void prepare(Partition partition) throws LoaderException {
        long rsdp = AcpiTables.write(partition.memory(), config.processors(), config.integration());
        Smbios.write(partition.memory(),
                config.integration() ? Smbios.Identity.HYPER_V : Smbios.Identity.VIRIDIAN,
                id(config), config.processors(), config.memoryBytes());
        FirmwareSetup.start(partition, loader.load(partition.memory(), rsdp));
    }

    /** The machine's id in its firmware tables, stable over its life. */
    static UUID id(MachineConfig config) {
        return UUID.nameUUIDFromBytes(config.name().getBytes(StandardCharsets.UTF_8));
    }
}
