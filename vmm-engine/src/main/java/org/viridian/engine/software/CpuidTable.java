package org.viridian.engine.software;

import java.util.ArrayList;
import java.util.List;
import org.viridian.engine.processor.CpuidEntry;
import org.viridian.engine.software.fpu.XState;

/** The answers of CPUID, with the few bits that depend on the processor and its registers. */
final class CpuidTable {
    /** Family 19h, model 11h, stepping 1: an AMD identity avoids page-table isolation. */
    static final int SIGNATURE = 0x00A1_0F11;
    private static final int OSXSAVE = 1 << 27;
    private static final String BRAND = "Viridian x86-64 software processor";

    private final CpuidEntry[] entries;
    private final int index;
    private final int maxBasic;
    private final int maxExtended;

    CpuidTable(List<CpuidEntry> entries, int index) {
        this.entries = entries.toArray(CpuidEntry[]::new);
        this.index = index;
        this.maxBasic = maximum(0);
        this.maxExtended = maximum(0x8000_0000);
    }

    private int maximum(int leaf) {
        CpuidEntry entry = find(leaf, 0);
        return entry == null ? leaf : entry.eax();
    }

    private CpuidEntry find(int leaf, int subleaf) {
        for (CpuidEntry entry : entries) {
            if (entry.leaf() == leaf && (entry.subleaf() == CpuidEntry.ANY_SUBLEAF || entry.subleaf() == subleaf)) {
                return entry;
            }
        }
        return null;
    }

    void execute(Cpu c) {
        int leaf = (int) c.gpr[0];
        int subleaf = (int) c.gpr[1];
        CpuidEntry entry = find(leaf, subleaf);
        int eax = 0;
        int ebx = 0;
        int ecx = 0;
        int edx = 0;
        if (entry != null && (leaf >>> 16 != 0 || leaf <= maxBasic) && (leaf >>> 16 != 0x8000 || leaf <= maxExtended)) {
            eax = entry.eax();
            ebx = entry.ebx();
            ecx = entry.ecx();
            edx = entry.edx();
        }
        switch (leaf) {
            case 1 -> {
                ebx = ebx & 0xFF_FFFF | index << 24;
                edx = c.apic.globallyEnabled() ? edx : edx & ~(1 << 9);
                ecx = c.extendedStates() ? ecx | OSXSAVE : ecx & ~OSXSAVE;
            }
            case 0xB -> {
                ecx = ecx & ~0xFF | subleaf & 0xFF;
                edx = index;
            }
            default -> { }
        }
        c.gpr[0] = eax & 0xFFFF_FFFFL;
        c.gpr[3] = ebx & 0xFFFF_FFFFL;
        c.gpr[1] = ecx & 0xFFFF_FFFFL;
        c.gpr[2] = edx & 0xFFFF_FFFFL;
    }

    private static int bits(int... numbers) {
        int value = 0;
        for (int number : numbers) {
            value |= 1 << number;
        }
        return value;
    }

    /** What this processor offers; {@code processors} for the topology leaves. */
    static List<CpuidEntry> supported(int processors) {
        List<CpuidEntry> list = new ArrayList<>();
        int any = CpuidEntry.ANY_SUBLEAF;
        list.add(new CpuidEntry(0, any, 0xD, 0x6874_7541, 0x444D_4163, 0x6974_6E65));
        // FPU DE PSE TSC MSR PAE CX8 APIC SEP MTRR PGE CMOV PAT PSE36 CLFLUSH MMX FXSR SSE SSE2
        int edx = bits(0, 2, 3, 4, 5, 6, 8, 9, 11, 12, 13, 15, 16, 17, 19, 23, 24, 25, 26) | (processors > 1 ? 1 << 28 : 0);
        // SSE3 PCLMULQDQ SSSE3 CX16 SSE4.1 SSE4.2 X2APIC MOVBE POPCNT TSC_DEADLINE AES XSAVE RDRAND HYPERVISOR
        int ecx = bits(0, 1, 9, 13, 19, 20, 21, 22, 23, 24, 25, 26, 30, 31);
        list.add(new CpuidEntry(1, any, SIGNATURE, 8 << 8 | processors << 16, ecx, edx));
        // ARAT: the APIC timer runs in every state.
        list.add(new CpuidEntry(6, any, 4, 0, 0, 0));
        // FSGSBASE SMEP ERMS RDSEED SMAP SHA; UMIP; FSRM
        list.add(new CpuidEntry(7, 0, 0, bits(0, 7, 9, 18, 20, 29), bits(2), bits(4)));
        // x87 and SSE, 512 + 64 bytes; XSAVEOPT.
        list.add(new CpuidEntry(0xD, 0, (int) XState.COMPONENTS, XState.BYTES, XState.BYTES, 0));
        list.add(new CpuidEntry(0xD, 1, 1, 0, 0, 0));
        int shift = 32 - Integer.numberOfLeadingZeros(processors - 1);
        list.add(new CpuidEntry(0xB, 0, 0, 1, 0x100, 0));
        list.add(new CpuidEntry(0xB, 1, shift, processors, 0x201, 0));
        list.add(new CpuidEntry(0x8000_0000, any, 0x8000_0021, 0x6874_7541, 0x444D_4163, 0x6974_6E65));
        // As leaf 1, and SYSCALL NX PDPE1GB RDTSCP LM; LAHF CMP_LEGACY PREFETCHW
        int extended = edx & 0x0183_F3FF | bits(11, 20, 26, 27, 29);
        list.add(new CpuidEntry(0x8000_0001, any, SIGNATURE, 0, bits(0, 8) | (processors > 1 ? 2 : 0), extended));
        byte[] brand = java.util.Arrays.copyOf(BRAND.getBytes(java.nio.charset.StandardCharsets.US_ASCII), 48);
        java.nio.ByteBuffer words = java.nio.ByteBuffer.wrap(brand).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        for (int leaf = 2; leaf <= 4; leaf++) {
            list.add(new CpuidEntry(0x8000_0000 + leaf, any, words.getInt(), words.getInt(), words.getInt(), words.getInt()));
        }
        // First-level 32 KB, second-level 512 KB, lines of 64 bytes.
        list.add(new CpuidEntry(0x8000_0005, any, 0xFF40_FF40, 0xFF40_FF40, 0x2008_0140, 0x2008_0140));
        list.add(new CpuidEntry(0x8000_0006, any, 0x4800_6400, 0x6800_6400, 0x0200_6140, 0));
        // Invariant TSC.
        list.add(new CpuidEntry(0x8000_0007, any, 0, 0, 0, 1 << 8));
        list.add(new CpuidEntry(0x8000_0008, any, 0x3028, 0, processors - 1 | shift << 12, 0));
        // LFENCE serialises, null selectors clear the base, automatic IBRS, no SRSO, no TSA: an interpreter does not
        // speculate, and the guest need not pay for mitigations.
        list.add(new CpuidEntry(0x8000_0021, any, bits(2, 6, 8, 29), 0, bits(1, 2), 0));
        return List.copyOf(list);
    }
}
