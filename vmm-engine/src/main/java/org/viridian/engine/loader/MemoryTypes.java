package org.viridian.engine.loader;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.viridian.engine.firmware.BoardMap;
import org.viridian.engine.processor.CpuidEntry;

/**
 * The memory type range registers as firmware would leave them (Intel SDM vol. 3, "Memory Type Range Registers"):
 * write-back, but for the VGA window and everything between RAM and 4 GiB. Linux turns PAT off, and with it
 * write-combining for frame buffers, when it finds them disabled.
 */
final class MemoryTypes {
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

    private MemoryTypes() {}

    /** The registers by number; empty when the processor has none. */
    static Map<Integer, Long> registers(List<CpuidEntry> cpuid) {
        if (cpuid.stream().noneMatch(entry -> entry.leaf() == 1 && (entry.edx() & CPUID_MTRR) != 0)) {
            return Map.of();
        }
        int bits = cpuid.stream().filter(entry -> entry.leaf() == 0x8000_0008).mapToInt(entry -> entry.eax() & 0xFF).findFirst()
                .orElse(DEFAULT_PHYSICAL_BITS);
        long addresses = (1L << bits) - 1;
        long hole = (1L << 32) - BoardMap.LOW_MEMORY_LIMIT;
        Map<Integer, Long> msrs = new TreeMap<>();
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
