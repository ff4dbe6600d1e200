package org.viridian.engine.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.viridian.engine.processor.CpuidEntry;

/** The CPUID table that a guest gets; needs no KVM. */
class KvmCpuidTest {
    private static final int ANY = CpuidEntry.ANY_SUBLEAF;
    private static final List<CpuidEntry> SUPPORTED = List.of(
            new CpuidEntry(1, ANY, 0x800F12, 0x0700_0800, 1 << 5 | 1 << 24 | 1, 1),
            new CpuidEntry(0xB, 0, 9, 9, 9, 9),
            new CpuidEntry(0x4000_0000, ANY, 0x4000_0001, 0x4B4D_564B, 0x564B_4D56, 0x4D),
            new CpuidEntry(0x8000_0001, ANY, 0, 0, 1 << 2 | 1 << 5, 0),
            new CpuidEntry(0x8000_0007, ANY, 0, 0, 0, 1 << 8));

    @Test
    void neitherKvmsLeavesNorNestingAreOffered() {
        List<CpuidEntry> offered = KvmCpuid.offered(SUPPORTED, true);
        assertTrue(offered.stream().noneMatch(e -> e.leaf() >>> 28 == 4));
        assertEquals(1 << 24 | 1, offered.getFirst().ecx());
        assertEquals(1, KvmCpuid.offered(SUPPORTED, false).getFirst().ecx());
        assertTrue(offered.contains(new CpuidEntry(0x8000_0001, ANY, 0, 0, 1 << 5, 0)));
        assertTrue(KvmCpuid.invariantTimestamp(SUPPORTED));
    }

    @Test
    void everyProcessorHasItsOwnIdInOnePackage() {
        List<CpuidEntry> own = KvmCpuid.forProcessor(SUPPORTED, 2, 3);
        assertEquals(0x0203_0800, own.getFirst().ebx());
        assertEquals(1 << 28 | 1, own.getFirst().edx());
        assertTrue(own.contains(new CpuidEntry(0xB, 0, 0, 1, 0x100, 2)));
        assertTrue(own.contains(new CpuidEntry(0xB, 1, 2, 3, 0x201, 2)));
    }

    @Test
    void theKernelsTableIsReadAsItIsWritten() {
        try (Arena arena = Arena.ofConfined()) {
            var table = arena.allocate(KvmAbi.CPUID_HEADER + (long) SUPPORTED.size() * KvmAbi.CPUID_ENTRY_SIZE, 8);
            KvmCpuid.encode(SUPPORTED, table);
            assertEquals(SUPPORTED, KvmCpuid.decode(table));
        }
    }
}
