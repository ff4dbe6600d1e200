package org.viridian.engine.loader;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.viridian.engine.firmware.BoardMap;
import org.viridian.engine.partition.Partition;
import org.viridian.engine.processor.CpuidEntry;
import org.viridian.engine.processor.ProcessorState;
import org.viridian.engine.processor.VirtualProcessor;

/**
 * What firmware leaves in the processors besides a boot protocol's registers: memory types (Intel SDM vol. 3,
 * "Memory Type Range Registers") and the local APIC's interrupt pins. Linux turns PAT off, and with it write-combining
 * for frame buffers, when it finds the memory types disabled, and complains of a mask narrower than the processor's
 * physical addresses and of processors that differ.
 */
public final class FirmwareSetup {
    private static final int DEFAULT_TYPE = 0x2FF;
    private static final int BASE_0 = 0x200;
    private static final int MASK_0 = 0x201;
    private static final int FIXED_64K = 0x250;
    private static final int FIXED_16K_LOW = 0x258;
    private static final int FIXED_16K_VGA = 0x259;
    private static final int FIXED_4K = 0x268;
    private static final int FIXED_4K_COUNT = 8;
    private static final long ENABLED_WRITE_BACK = 0xC06;
    private static final long ALL_WRITE_BACK = 0x0606_0606_0606_0606L;
    private static final long VALID = 1 << 11;
    private static final int CPUID_MTRR = 1 << 12;
    private static final int DEFAULT_PHYSICAL_BITS = 36;

    private static final int LOCAL_APIC_SPURIOUS = 0xF0;
    private static final int LOCAL_APIC_LINT0 = 0x350;
    private static final int LOCAL_APIC_LINT1 = 0x360;
    private static final int ENABLED_SPURIOUS_VECTOR = 0x10F;
    private static final int LVT_EXTINT = 0x700;
    private static final int LVT_NMI = 0x400;

    private FirmwareSetup() {}

    /** Puts processor 0 into {@code start}, what {@link BootLoader#load} returned, completed; the others wait on for SIPI. Processors stopped. */
    public static void start(Partition partition, ProcessorState start) {
        VirtualProcessor first = partition.processor(0);
        ProcessorState present = first.state();
        Map<Integer, Long> memoryTypes = memoryTypes(partition.backend().supportedCpuid());
        Map<Integer, Long> msrs = new HashMap<>(present.msrs());
        msrs.putAll(memoryTypes);
        first.state(new ProcessorState(start.gpr(), start.rip(), start.rflags(), start.segments(), start.gdtBase(),
                start.gdtLimit(), start.idtBase(), start.idtLimit(), start.cr0(), start.cr2(), start.cr3(), start.cr4(),
                start.cr8(), start.efer(), start.fxsave(), msrs, interruptPins(present.localApic())));
        for (VirtualProcessor other : partition.processors().subList(1, partition.processors().size())) {
            other.presetMsrs(memoryTypes);
        }
    }

    /** Interrupts of the PIC reach the processor until the guest sets up the I/O APIC ("virtual wire mode"). */
    private static byte[] interruptPins(byte[] localApic) {
        if (localApic == null) {
            return null;
        }
        byte[] wired = localApic.clone();
        ByteBuffer registers = ByteBuffer.wrap(wired).order(ByteOrder.LITTLE_ENDIAN);
        registers.putInt(LOCAL_APIC_SPURIOUS, ENABLED_SPURIOUS_VECTOR);
        registers.putInt(LOCAL_APIC_LINT0, LVT_EXTINT);
        registers.putInt(LOCAL_APIC_LINT1, LVT_NMI);
        return wired;
    }

    /** All write-back, but for the VGA window and the hole below 4 GiB; empty when the processor has no such registers. */
    static Map<Integer, Long> memoryTypes(List<CpuidEntry> cpuid) {
        if (cpuid.stream().noneMatch(entry -> entry.leaf() == 1 && (entry.edx() & CPUID_MTRR) != 0)) {
            return Map.of();
        }
        int bits = cpuid.stream().filter(entry -> entry.leaf() == 0x8000_0008).mapToInt(entry -> entry.eax() & 0xFF).findFirst()
                .orElse(DEFAULT_PHYSICAL_BITS);
        long addresses = (1L << bits) - 1;
        long hole = BoardMap.HIGH_MEMORY - BoardMap.LOW_MEMORY_LIMIT;
        Map<Integer, Long> msrs = new HashMap<>();
        msrs.put(FIXED_64K, ALL_WRITE_BACK);
        msrs.put(FIXED_16K_LOW, ALL_WRITE_BACK);
        msrs.put(FIXED_16K_VGA, 0L);
        for (int i = 0; i < FIXED_4K_COUNT; i++) {
            msrs.put(FIXED_4K + i, ALL_WRITE_BACK);
        }
        msrs.put(BASE_0, BoardMap.LOW_MEMORY_LIMIT);
        msrs.put(MASK_0, -hole & addresses | VALID);
        msrs.put(DEFAULT_TYPE, ENABLED_WRITE_BACK);
        return msrs;
    }
}
