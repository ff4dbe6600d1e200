package org.viridian.engine.loader;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.viridian.engine.firmware.AcpiTables;
import org.viridian.engine.firmware.BoardDescription;
import org.viridian.engine.firmware.Smbios;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.partition.Partition;
import org.viridian.engine.processor.ProcessorState;
import org.viridian.engine.processor.VirtualProcessor;

/**
 * Starting a kernel without firmware: tables, BIOS data, kernel and RAM disk go into RAM, memory types and interrupt
 * pins of the processors become what firmware would have made them. Made once per VM, which finds bad files before
 * anything runs; {@link #prepare} at power-on and again at every reset.
 *
 * <p>Thread rule: {@link #prepare} with the processors stopped.
 */
public final class DirectBoot {
    private static final int LOCAL_APIC_LINT0 = 0x350;
    private static final int LOCAL_APIC_LINT1 = 0x360;
    private static final int LVT_EXTINT = 0x700;
    private static final int LVT_NMI = 0x400;

    private final KernelImage kernel;
    private final BoardDescription board;
    private final BootInputs inputs;
    private final AcpiTables acpi;
    private final Smbios smbios;

    /**
     * Reads and checks the files.
     *
     * @param kernelFile bzImage or multiboot 1 kernel, told apart by content
     * @param ramDiskFile initial RAM disk, or the multiboot module
     * @param commandLine kernel command line
     * @param board the machine
     * @throws LoaderException with one sentence for the user
     */
    public DirectBoot(Path kernelFile, Optional<Path> ramDiskFile, String commandLine, BoardDescription board)
            throws LoaderException {
        this.kernel = KernelImage.read(kernelFile);
        Optional<RamDisk> disk = Optional.empty();
        if (ramDiskFile.isPresent()) {
            disk = Optional.of(kernel instanceof LinuxKernel ? RamDisk.open(ramDiskFile.get()) : RamDisk.module(ramDiskFile.get()));
        }
        this.board = board;
        this.acpi = AcpiTables.build(board);
        this.smbios = Smbios.build(board);
        this.inputs = new BootInputs(board.memoryBytes(), disk, commandLine, acpi.rsdpAddress());
    }

    /** Puts everything into place and the processors into their start state. */
    public void prepare(Partition partition) throws LoaderException {
        ProcessorState start = load(partition.memory());
        Map<Integer, Long> memoryTypes = MemoryTypes.registers(partition.backend().supportedCpuid());
        VirtualProcessor first = partition.processor(0);
        first.state(merge(start, first.state(), memoryTypes));
    }

    /**
     * Puts everything into guest memory.
     *
     * @return the state in which the first processor starts, without memory types and interrupt pins
     */
    public ProcessorState load(GuestMemory memory) throws LoaderException {
        if (!memory.isRam(0, org.viridian.engine.firmware.BoardMap.CONVENTIONAL_END)) {
            throw new IllegalStateException("the VM's memory is not laid out as the board map says");
        }
        BootParameters.writeBiosData(memory);
        memory.write(acpi.rsdpAddress(), acpi.rsdp());
        memory.write(acpi.tablesAddress(), acpi.tables());
        memory.write(smbios.address(), smbios.bytes());
        return kernel.load(memory, inputs);
    }

    /** The machine as its tables describe it. */
    public BoardDescription board() {
        return board;
    }

    private static ProcessorState merge(ProcessorState start, ProcessorState present, Map<Integer, Long> memoryTypes) {
        Map<Integer, Long> msrs = new HashMap<>(present.msrs());
        msrs.putAll(memoryTypes);
        byte[] apic = present.localApic();
        if (apic != null) {
            // Interrupts of the PIC reach the processor until the guest sets up the I/O APIC ("virtual wire mode").
            apic = apic.clone();
            ByteBuffer registers = ByteBuffer.wrap(apic).order(ByteOrder.LITTLE_ENDIAN);
            registers.putInt(LOCAL_APIC_LINT0, LVT_EXTINT);
            registers.putInt(LOCAL_APIC_LINT1, LVT_NMI);
        }
        return new ProcessorState(start.gpr(), start.rip(), start.rflags(), start.segments(), start.gdtBase(), start.gdtLimit(),
                start.idtBase(), start.idtLimit(), start.cr0(), start.cr2(), start.cr3(), start.cr4(), start.cr8(), start.efer(),
                start.fxsave(), msrs, apic);
    }
}
