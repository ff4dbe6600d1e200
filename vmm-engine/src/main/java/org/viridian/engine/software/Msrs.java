package org.viridian.engine.software;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.viridian.engine.bus.MsrFault;
import org.viridian.engine.clock.VmClock;

/**
 * Model-specific registers. Synthetic ones (0x40000000–0x400001FF) go to the processor bus; what is not known raises
 * #GP(0).
 */
final class Msrs {
    static final int TSC = 0x10;
    static final int APIC_BASE = 0x1B;
    static final int MTRR_CAP = 0xFE;
    static final int SYSENTER_CS = 0x174;
    static final int SYSENTER_ESP = 0x175;
    static final int SYSENTER_EIP = 0x176;
    static final int MISC_ENABLE = 0x1A0;
    static final int PAT = 0x277;
    static final int MTRR_DEFAULT = 0x2FF;
    static final int TSC_DEADLINE = 0x6E0;
    static final int EFER = 0xC000_0080;
    static final int STAR = 0xC000_0081;
    static final int LSTAR = 0xC000_0082;
    static final int CSTAR = 0xC000_0083;
    static final int FMASK = 0xC000_0084;
    static final int FS_BASE = 0xC000_0100;
    static final int GS_BASE = 0xC000_0101;
    static final int KERNEL_GS_BASE = 0xC000_0102;
    static final int TSC_AUX = 0xC000_0103;

    private static final long PAT_RESET = 0x0007_0406_0007_0406L;
    private static final int VARIABLE_MTRRS = 8;
    private static final int[] FIXED_MTRRS = {0x250, 0x258, 0x259, 0x268, 0x269, 0x26A, 0x26B, 0x26C, 0x26D, 0x26E, 0x26F};
    /** Registers that an AMD processor has, that guests read without care, and that have no effect here. */
    private static final int[] AMD_ZERO = {0x8B, 0xC001_0010, 0xC001_001A, 0xC001_001D, 0xC001_001F, 0xC001_0055,
        0xC001_0058, 0xC001_0140, 0xC001_0141, 0xC001_1020, 0xC001_1021, 0xC001_1022, 0xC001_1023, 0xC001_102A};
    private static final int AMD_HWCR = 0xC001_0015;
    private static final int AMD_DE_CFG = 0xC001_1029;

    private final Cpu c;
    private final VmClock clock;
    private long timestampOffset;
    private long pat;
    private long miscEnable;
    private long mtrrDefault;
    private final long[] fixed = new long[FIXED_MTRRS.length];
    private final long[] variable = new long[VARIABLE_MTRRS * 2];

    Msrs(Cpu c, VmClock clock) {
        this.c = c;
        this.clock = clock;
        reset();
    }

    void reset() {
        c.star = 0;
        c.lstar = 0;
        c.cstar = 0;
        c.fmask = 0;
        c.kernelGsBase = 0;
        c.tscAux = 0;
        c.sysenterCs = 0;
        c.sysenterEsp = 0;
        c.sysenterEip = 0;
        timestampOffset = 0;
        pat = PAT_RESET;
        miscEnable = 1;
        // Without firmware nobody sets up memory types: default write-back, as a BIOS leaves it; A0000–BFFFF uncached.
        mtrrDefault = 0xC06;
        Arrays.fill(fixed, 0x0606_0606_0606_0606L);
        fixed[2] = 0;
        Arrays.fill(variable, 0);
    }

    /** TSC minus the VM clock's nanoseconds. */
    long timestampOffset() {
        return timestampOffset;
    }

    /** The TSC now: 1 GHz, from the VM's clock. */
    long timestamp() {
        return (clock == null ? System.nanoTime() : clock.nanoTime()) + timestampOffset;
    }

    private CpuFault unknown() {
        return c.raise(CpuFault.GP, 0);
    }

    private static boolean synthetic(int msr) {
        return msr >= 0x4000_0000 && msr <= 0x4000_01FF;
    }

    long read(int msr) {
        if (synthetic(msr)) {
            try {
                return c.bus.readMsr(msr);
            } catch (MsrFault refused) {
                throw unknown();
            }
        }
        if (msr >>> 8 == 8) {
            return c.apic.readX2(msr);
        }
        return switch (msr) {
            case TSC -> timestamp();
            case APIC_BASE -> c.apic.base();
            case MTRR_CAP -> 0x500 | VARIABLE_MTRRS;
            case SYSENTER_CS -> c.sysenterCs;
            case SYSENTER_ESP -> c.sysenterEsp;
            case SYSENTER_EIP -> c.sysenterEip;
            case MISC_ENABLE -> miscEnable;
            case 0x179, 0x17A, 0x1D9 -> 0;
            case PAT -> pat;
            case MTRR_DEFAULT -> mtrrDefault;
            case TSC_DEADLINE -> c.apic.tscDeadline();
            case EFER -> c.efer;
            case STAR -> c.star;
            case LSTAR -> c.lstar;
            case CSTAR -> c.cstar;
            case FMASK -> c.fmask;
            case FS_BASE -> c.segBase[Cpu.FS];
            case GS_BASE -> c.segBase[Cpu.GS];
            case KERNEL_GS_BASE -> c.kernelGsBase;
            case TSC_AUX -> c.tscAux;
            // The TSC counts at the rate of P0.
            case AMD_HWCR -> 1 << 24;
            // LFENCE serialises.
            case AMD_DE_CFG -> 2;
            default -> readMtrr(msr);
        };
    }

    private long readMtrr(int msr) {
        if (msr >= 0x200 && msr < 0x200 + VARIABLE_MTRRS * 2) {
            return variable[msr - 0x200];
        }
        int range = Arrays.binarySearch(FIXED_MTRRS, msr);
        if (range >= 0) {
            return fixed[range];
        }
        if (amdZero(msr)) {
            return 0;
        }
        throw unknown();
    }

    private static boolean amdZero(int msr) {
        for (int known : AMD_ZERO) {
            if (known == msr) {
                return true;
            }
        }
        return false;
    }

    void write(int msr, long value) {
        if (synthetic(msr)) {
            try {
                c.bus.writeMsr(msr, value);
            } catch (MsrFault refused) {
                throw unknown();
            }
            return;
        }
        if (msr >>> 8 == 8) {
            c.apic.writeX2(msr, value);
            return;
        }
        switch (msr) {
            case TSC -> timestampOffset += value - timestamp();
            case APIC_BASE -> {
                if (!c.apic.base(value)) {
                    throw unknown();
                }
            }
            case SYSENTER_CS -> c.sysenterCs = value & 0xFFFF_FFFFL;
            case SYSENTER_ESP -> c.sysenterEsp = canonical(value);
            case SYSENTER_EIP -> c.sysenterEip = canonical(value);
            case MISC_ENABLE -> miscEnable = value;
            case 0x179, 0x17A, 0x1D9, AMD_HWCR, AMD_DE_CFG -> { }
            case PAT -> pat = checkPat(value);
            case MTRR_DEFAULT -> mtrrDefault = value & 0xCFF;
            case TSC_DEADLINE -> c.apic.tscDeadline(value);
            case EFER -> c.control.efer(value);
            case STAR -> c.star = value;
            case LSTAR -> c.lstar = canonical(value);
            case CSTAR -> c.cstar = canonical(value);
            case FMASK -> c.fmask = value & 0xFFFF_FFFFL;
            case FS_BASE -> c.segBase[Cpu.FS] = canonical(value);
            case GS_BASE -> c.segBase[Cpu.GS] = canonical(value);
            case KERNEL_GS_BASE -> c.kernelGsBase = canonical(value);
            case TSC_AUX -> c.tscAux = value & 0xFFFF_FFFFL;
            default -> writeMtrr(msr, value);
        }
    }

    private void writeMtrr(int msr, long value) {
        int range = Arrays.binarySearch(FIXED_MTRRS, msr);
        if (msr >= 0x200 && msr < 0x200 + VARIABLE_MTRRS * 2) {
            variable[msr - 0x200] = value;
        } else if (range >= 0) {
            fixed[range] = value;
        } else if (!amdZero(msr)) {
            throw unknown();
        }
    }

    private long canonical(long value) {
        if (value << 16 >> 16 != value) {
            throw unknown();
        }
        return value;
    }

    private long checkPat(long value) {
        for (int i = 0; i < 64; i += 8) {
            long type = value >>> i & 0xFF;
            if (type > 7 || type == 2 || type == 3) {
                throw unknown();
            }
        }
        return value;
    }

    /** The registers that {@link org.viridian.engine.processor.ProcessorState} has no place for. */
    Map<Integer, Long> save() {
        Map<Integer, Long> saved = new TreeMap<>();
        int[] plain = {TSC, APIC_BASE, SYSENTER_CS, SYSENTER_ESP, SYSENTER_EIP, MISC_ENABLE, PAT, MTRR_DEFAULT,
            STAR, LSTAR, CSTAR, FMASK, KERNEL_GS_BASE, TSC_AUX, TSC_DEADLINE};
        for (int msr : plain) {
            saved.put(msr, read(msr));
        }
        for (int msr : FIXED_MTRRS) {
            saved.put(msr, read(msr));
        }
        for (int msr = 0x200; msr < 0x200 + VARIABLE_MTRRS * 2; msr++) {
            saved.put(msr, read(msr));
        }
        return saved;
    }
}
