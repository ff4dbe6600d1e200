package org.viridian.engine.hyperv;

import java.util.ArrayList;
import java.util.List;
import org.viridian.engine.backend.BackendPartition;
import org.viridian.engine.processor.CpuidEntry;

/**
 * What CPUID says of the hypervisor (TLFS, "Feature and Interface Discovery"). Only the bits whose registers and calls
 * exist here are set; three bits must never be, because Linux then takes itself for a root partition or a confidential
 * VM: leaf 3 EBX 1, 12 and 22.
 */
final class HypervisorCpuid {
    private static final int MAX_LEAF = 0x4000_0006;
    /** "Microsoft Hv", the vendor that guests look for. */
    private static final int VENDOR_EBX = 0x7263_694D;
    private static final int VENDOR_ECX = 0x666F_736F;
    private static final int VENDOR_EDX = 0x7648_2074;
    /** "Hv#1": the interface of the TLFS. */
    private static final int INTERFACE = 0x3123_7648;

    /** The generation whose VMBus, version 5.3, is spoken here; guests print it. */
    private static final int BUILD = 20348;
    private static final int VERSION_10_0 = 10 << 16;

    // Leaf 3 EAX.
    private static final int REFERENCE_COUNTER = 1 << 1;
    private static final int SYNIC = 1 << 2;
    private static final int HYPERCALL_MSRS = 1 << 5;
    private static final int VP_INDEX = 1 << 6;
    private static final int RESET_MSR = 1 << 7;
    private static final int REFERENCE_TSC = 1 << 9;
    private static final int FREQUENCY_MSRS = 1 << 11;
    private static final int INVARIANT_TSC_CONTROL = 1 << 15;
    // Leaf 3 EBX.
    private static final int POST_MESSAGES = 1 << 4;
    private static final int SIGNAL_EVENTS = 1 << 5;
    // Leaf 3 EDX.
    private static final int FREQUENCIES_AVAILABLE = 1 << 8;
    private static final int CRASH_MSRS = 1 << 10;
    // Leaf 4 EAX.
    private static final int RELAXED_TIMING = 1 << 5;
    /** Guests then send the EOI themselves: a local APIC inside KVM cannot be told to skip its in-service bit. */
    private static final int AUTO_EOI_DEPRECATED = 1 << 9;
    private static final int NEVER_NOTIFY_SPINS = -1;

    private static final int HYPERVISOR_PRESENT = 1 << 31;
    private static final int INVARIANT_TSC = 1 << 8;

    private HypervisorCpuid() {}

    static List<CpuidEntry> table(BackendPartition backend, int processors) {
        boolean invariant = backend.invariantTimestamp();
        List<CpuidEntry> table = new ArrayList<>();
        for (CpuidEntry entry : backend.supportedCpuid()) {
            // A second hypervisor's signature (KVM's) would outrank ours in Linux.
            if (entry.leaf() >>> 28 != 4) {
                table.add(adapt(entry, invariant));
            }
        }
        table.add(leaf(0x4000_0000, MAX_LEAF, VENDOR_EBX, VENDOR_ECX, VENDOR_EDX));
        table.add(leaf(0x4000_0001, INTERFACE, 0, 0, 0));
        table.add(leaf(0x4000_0002, BUILD, VERSION_10_0, 0, 0));
        table.add(leaf(0x4000_0003,
                REFERENCE_COUNTER | SYNIC | HYPERCALL_MSRS | VP_INDEX | RESET_MSR | REFERENCE_TSC | FREQUENCY_MSRS
                        | (invariant ? INVARIANT_TSC_CONTROL : 0),
                POST_MESSAGES | SIGNAL_EVENTS, 0, FREQUENCIES_AVAILABLE | CRASH_MSRS));
        table.add(leaf(0x4000_0004, RELAXED_TIMING | AUTO_EOI_DEPRECATED, NEVER_NOTIFY_SPINS, 0, 0));
        table.add(leaf(0x4000_0005, processors, processors, 0, 0));
        table.add(leaf(0x4000_0006, 0, 0, 0, 0));
        // Linux reads these without asking for the highest leaf, and KVM answers a missing one with a basic leaf.
        for (int i = 0x4000_0080; i <= 0x4000_0082; i++) {
            table.add(leaf(i, 0, 0, 0, 0));
        }
        return List.copyOf(table);
    }

    private static CpuidEntry adapt(CpuidEntry entry, boolean invariant) {
        return switch (entry.leaf()) {
            case 1 -> new CpuidEntry(1, entry.subleaf(), entry.eax(), entry.ebx(), entry.ecx() | HYPERVISOR_PRESENT, entry.edx());
            case 0x8000_0007 -> new CpuidEntry(entry.leaf(), entry.subleaf(), entry.eax(), entry.ebx(), entry.ecx(),
                    invariant ? entry.edx() | INVARIANT_TSC : entry.edx() & ~INVARIANT_TSC);
            default -> entry;
        };
    }

    private static CpuidEntry leaf(int leaf, int eax, int ebx, int ecx, int edx) {
        return new CpuidEntry(leaf, CpuidEntry.ANY_SUBLEAF, eax, ebx, ecx, edx);
    }
}
