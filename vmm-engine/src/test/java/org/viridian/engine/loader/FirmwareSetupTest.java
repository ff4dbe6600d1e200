package org.viridian.engine.loader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.viridian.engine.processor.CpuidEntry;

class FirmwareSetupTest {
    private static CpuidEntry leaf(int leaf, int eax, int edx) {
        return new CpuidEntry(leaf, CpuidEntry.ANY_SUBLEAF, eax, 0, 0, edx);
    }

    @Test
    void memoryTypesCoverTheHoleAsWideAsTheProcessorsAddresses() {
        Map<Integer, Long> types = FirmwareSetup.memoryTypes(List.of(leaf(1, 0, 1 << 12), leaf(0x8000_0008, 0x3028, 0)));
        assertEquals(0xC06, types.get(0x2FF));
        assertEquals(0xC000_0000L, types.get(0x200), "uncached from the end of low RAM");
        assertEquals(0xFF_C000_0800L, types.get(0x201), "1 GiB, 40 address bits");
        assertEquals(0, types.get(0x259), "VGA window");
        assertEquals(0x0606_0606_0606_0606L, types.get(0x250));
        assertEquals(14, types.size());
        assertEquals(0xF_C000_0800L, FirmwareSetup.memoryTypes(List.of(leaf(1, 0, 1 << 12))).get(0x201));
    }

    @Test
    void aProcessorWithoutSuchRegistersGetsNone() {
        assertTrue(FirmwareSetup.memoryTypes(List.of(leaf(1, 0, 0))).isEmpty());
    }
}
