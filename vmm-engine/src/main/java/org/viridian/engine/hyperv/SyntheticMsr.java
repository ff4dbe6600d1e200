package org.viridian.engine.hyperv;

/** Numbers of the synthetic model-specific registers (TLFS, appendix "Synthetic MSRs"). */
final class SyntheticMsr {
    static final int GUEST_OS_ID = 0x4000_0000;
    static final int HYPERCALL = 0x4000_0001;
    static final int VP_INDEX = 0x4000_0002;
    static final int RESET = 0x4000_0003;
    static final int TIME_REF_COUNT = 0x4000_0020;
    static final int REFERENCE_TSC = 0x4000_0021;
    static final int TSC_FREQUENCY = 0x4000_0022;
    static final int APIC_FREQUENCY = 0x4000_0023;
    static final int VP_ASSIST_PAGE = 0x4000_0073;
    static final int SCONTROL = 0x4000_0080;
    static final int SVERSION = 0x4000_0081;
    static final int SIEFP = 0x4000_0082;
    static final int SIMP = 0x4000_0083;
    static final int EOM = 0x4000_0084;
    static final int SINT0 = 0x4000_0090;
    static final int SINT15 = 0x4000_009F;
    static final int CRASH_P0 = 0x4000_0100;
    static final int CRASH_P4 = 0x4000_0104;
    static final int CRASH_CTL = 0x4000_0105;
    static final int TSC_INVARIANT_CONTROL = 0x4000_0118;

    /** Bit 0 of every register that names a page. */
    static final long ENABLE = 1;
    /** The address in a register that names a page. */
    static final long PAGE = -4096;

    private SyntheticMsr() {}
}
