package org.viridian.engine.kvm;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.viridian.engine.processor.CpuidEntry;

/**
 * The CPUID table of a guest: what KVM supports, cut down to what is offered, and per processor with its own APIC id and the
 * VM's topology: one package, one thread a core (Intel SDM vol. 2, CPUID; AMD APM vol. 3, appendix E).
 */
final class KvmCpuid {
    private static final int HYPERVISOR_RANGE = 4;
    private static final int VMX = 1 << 5;
    private static final int SVM = 1 << 2;
    private static final int TSC_DEADLINE = 1 << 24;
    private static final int HTT = 1 << 28;
    private static final int CMP_LEGACY = 1 << 1;
    private static final int INVARIANT_TSC = 1 << 8;

    private KvmCpuid() {}

    static List<CpuidEntry> decode(MemorySegment table) {
        int count = table.get(ValueLayout.JAVA_INT, 0);
        List<CpuidEntry> entries = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            long at = KvmAbi.CPUID_HEADER + (long) i * KvmAbi.CPUID_ENTRY_SIZE;
            boolean indexed = (table.get(ValueLayout.JAVA_INT, at + 8) & KvmAbi.CPUID_SIGNIFICANT_INDEX) != 0;
            entries.add(new CpuidEntry(table.get(ValueLayout.JAVA_INT, at),
                    indexed ? table.get(ValueLayout.JAVA_INT, at + 4) : CpuidEntry.ANY_SUBLEAF,
                    table.get(ValueLayout.JAVA_INT, at + 12), table.get(ValueLayout.JAVA_INT, at + 16),
                    table.get(ValueLayout.JAVA_INT, at + 20), table.get(ValueLayout.JAVA_INT, at + 24)));
        }
        return entries;
    }

    static void encode(List<CpuidEntry> entries, MemorySegment table) {
        table.fill((byte) 0);
        table.set(ValueLayout.JAVA_INT, 0, entries.size());
        for (int i = 0; i < entries.size(); i++) {
            CpuidEntry entry = entries.get(i);
            long at = KvmAbi.CPUID_HEADER + (long) i * KvmAbi.CPUID_ENTRY_SIZE;
            boolean indexed = entry.subleaf() != CpuidEntry.ANY_SUBLEAF;
            table.set(ValueLayout.JAVA_INT, at, entry.leaf());
            table.set(ValueLayout.JAVA_INT, at + 4, indexed ? entry.subleaf() : 0);
            table.set(ValueLayout.JAVA_INT, at + 8, indexed ? KvmAbi.CPUID_SIGNIFICANT_INDEX : 0);
            table.set(ValueLayout.JAVA_INT, at + 12, entry.eax());
            table.set(ValueLayout.JAVA_INT, at + 16, entry.ebx());
            table.set(ValueLayout.JAVA_INT, at + 20, entry.ecx());
            table.set(ValueLayout.JAVA_INT, at + 24, entry.edx());
        }
    }

    /** What is offered: no leaf of KVM's own hypervisor interface, no nesting, no counters. */
    static List<CpuidEntry> offered(List<CpuidEntry> supported, boolean tscDeadline) {
        List<CpuidEntry> offered = new ArrayList<>();
        for (CpuidEntry e : supported) {
            switch (e.leaf()) {
                case 1 -> offered.add(new CpuidEntry(1, e.subleaf(), e.eax(), e.ebx(),
                        e.ecx() & ~VMX & ~TSC_DEADLINE | (tscDeadline ? TSC_DEADLINE : 0), e.edx()));
                // The architectural performance counters would count the host's other work as well.
                case 0xA -> offered.add(new CpuidEntry(0xA, e.subleaf(), 0, 0, 0, 0));
                case 0x8000_0001 -> offered.add(new CpuidEntry(e.leaf(), e.subleaf(), e.eax(), e.ebx(), e.ecx() & ~SVM, e.edx()));
                case 0x8000_000A -> offered.add(new CpuidEntry(e.leaf(), e.subleaf(), 0, 0, 0, 0));
                default -> {
                    if (e.leaf() >>> 28 != HYPERVISOR_RANGE) {
                        offered.add(e);
                    }
                }
            }
        }
        return List.copyOf(offered);
    }

    static boolean invariantTimestamp(List<CpuidEntry> supported) {
        return supported.stream().anyMatch(e -> e.leaf() == 0x8000_0007 && (e.edx() & INVARIANT_TSC) != 0);
    }

    /** The table of processor {@code apicId} among {@code processors}. */
    static List<CpuidEntry> forProcessor(List<CpuidEntry> table, int apicId, int processors) {
        List<CpuidEntry> own = new ArrayList<>();
        int idBits = 32 - Integer.numberOfLeadingZeros(processors - 1);
        int cores = processors - 1;
        for (CpuidEntry e : table) {
            switch (e.leaf()) {
                case 1 -> own.add(new CpuidEntry(1, e.subleaf(), e.eax(), e.ebx() & 0xFFFF | processors << 16 | apicId << 24, e.ecx(),
                        processors > 1 ? e.edx() | HTT : e.edx() & ~HTT));
                case 4, 0x8000_001D -> own.add(cache(e, cores));
                case 0xB, 0x1F -> { }
                case 0x8000_0001 -> own.add(new CpuidEntry(e.leaf(), e.subleaf(), e.eax(), e.ebx(),
                        processors > 1 ? e.ecx() | CMP_LEGACY : e.ecx() & ~CMP_LEGACY, e.edx()));
                case 0x8000_0008 -> own.add(new CpuidEntry(e.leaf(), e.subleaf(), e.eax(), e.ebx(), cores | idBits << 12, e.edx()));
                case 0x8000_001E -> own.add(new CpuidEntry(e.leaf(), e.subleaf(), apicId, apicId, 0, 0));
                default -> own.add(e);
            }
        }
        if (table.stream().anyMatch(e -> e.leaf() == 0xB)) {
            own.add(new CpuidEntry(0xB, 0, 0, 1, 0x100, apicId));
            own.add(new CpuidEntry(0xB, 1, idBits, processors, 0x201, apicId));
            own.add(new CpuidEntry(0xB, 2, 0, 0, 2, apicId));
        }
        return own;
    }

    /** Levels 1 and 2 belong to a core, level 3 to the package. */
    private static CpuidEntry cache(CpuidEntry e, int otherCores) {
        int level = e.eax() >> 5 & 7;
        int kept = e.eax() & 0x3FFF;
        int sharing = level >= 3 ? otherCores << 14 : 0;
        int cores = e.leaf() == 4 && (e.eax() & 0x1F) != 0 ? otherCores << 26 : 0;
        return new CpuidEntry(e.leaf(), e.subleaf(), kept | sharing | cores, e.ebx(), e.ecx(), e.edx());
    }
}
