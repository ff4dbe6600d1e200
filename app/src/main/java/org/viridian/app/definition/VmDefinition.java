package org.viridian.app.definition;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.viridian.app.machine.MachineConfig;
import org.viridian.app.machine.MachineConfig.Boot;
import org.viridian.app.machine.MachineConfig.Disk;
import org.viridian.app.machine.MachineConfig.Engine;
import org.viridian.app.machine.MachineConfig.SerialTarget;
import org.viridian.app.machine.NetworkConfig;
import org.viridian.devices.storage.ImageFormat;

/**
 * One VM as its file {@code vm.json} describes it. Immutable; a change is a new record given to
 * {@link DefinitionStore#save}.
 *
 * @param name the VM's name and its folder's name, see {@link DefinitionRules}
 * @param memoryMiB RAM in MiB
 * @param processors virtual processors
 * @param engine which backend
 * @param boot what it boots
 * @param disks hard disks in LUN order
 * @param dvd the ISO in the DVD drive, if any
 * @param integration whether synthetic devices are offered
 * @param network its network adapter
 * @param unknownFields a JSON object with the fields of the file that this version does not know; written back as they
 *     were
 */
public record VmDefinition(
        String name,
        int memoryMiB,
        int processors,
        Engine engine,
        Boot boot,
        List<Disk> disks,
        Optional<Path> dvd,
        boolean integration,
        NetworkConfig network,
        String unknownFields) {

    /** Copies the list. */
    public VmDefinition {
        disks = List.copyOf(disks);
    }

    /** A definition behind user-mode NAT. */
    public VmDefinition(String name, int memoryMiB, int processors, Engine engine, Boot boot, List<Disk> disks,
            Optional<Path> dvd, boolean integration, String unknownFields) {
        this(name, memoryMiB, processors, engine, boot, disks, dvd, integration, NetworkConfig.NAT, unknownFields);
    }

    /** The same VM with this network. */
    public VmDefinition withNetwork(NetworkConfig other) {
        return new VmDefinition(name, memoryMiB, processors, engine, boot, disks, dvd, integration, other, unknownFields);
    }

    /** A definition without unknown fields. */
    public VmDefinition(String name, int memoryMiB, int processors, Engine engine, Boot boot, List<Disk> disks,
            Optional<Path> dvd, boolean integration) {
        this(name, memoryMiB, processors, engine, boot, disks, dvd, integration, "{}");
    }

    /** The same VM with other hardware; everything else, such as unknown fields, stays. */
    public VmDefinition with(int newMemoryMiB, int newProcessors, Engine newEngine, Boot newBoot, List<Disk> newDisks,
            Optional<Path> newDvd, boolean newIntegration) {
        return new VmDefinition(name, newMemoryMiB, newProcessors, newEngine, newBoot, newDisks, newDvd, newIntegration,
                network, unknownFields);
    }

    /** The machine this definition describes. */
    public MachineConfig machine(Engine engineOverride, SerialTarget serial1) {
        return new MachineConfig(name, (long) memoryMiB << 20, processors,
                engineOverride == null ? engine : engineOverride, boot, statedDisks(), dvd, integration, serial1,
                Optional.empty()).withNetwork(network);
    }

    /** A disk without a stated format comes from a time when all were raw; its content must not decide. */
    private List<Disk> statedDisks() {
        return disks.stream().map(disk -> disk.format().isPresent() ? disk : disk.as(ImageFormat.RAW)).toList();
    }
}
