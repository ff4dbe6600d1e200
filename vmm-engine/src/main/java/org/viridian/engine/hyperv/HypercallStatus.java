package org.viridian.engine.hyperv;

/** Result codes of hypercalls (TLFS, appendix "Hypercall Status Codes"). */
public final class HypercallStatus {
    /** HV_STATUS_SUCCESS. */
    public static final int SUCCESS = 0x0000;
    /** HV_STATUS_INVALID_HYPERCALL_CODE. */
    public static final int INVALID_HYPERCALL_CODE = 0x0002;
    /** HV_STATUS_INVALID_HYPERCALL_INPUT. */
    public static final int INVALID_HYPERCALL_INPUT = 0x0003;
    /** HV_STATUS_INVALID_ALIGNMENT. */
    public static final int INVALID_ALIGNMENT = 0x0004;
    /** HV_STATUS_INVALID_PARAMETER. */
    public static final int INVALID_PARAMETER = 0x0005;
    /** HV_STATUS_ACCESS_DENIED. */
    public static final int ACCESS_DENIED = 0x0006;
    /** HV_STATUS_INSUFFICIENT_MEMORY. */
    public static final int INSUFFICIENT_MEMORY = 0x000B;
    /** HV_STATUS_INVALID_VP_INDEX. */
    public static final int INVALID_VP_INDEX = 0x000E;
    /** HV_STATUS_INVALID_CONNECTION_ID. */
    public static final int INVALID_CONNECTION_ID = 0x0012;
    /** HV_STATUS_INSUFFICIENT_BUFFERS. */
    public static final int INSUFFICIENT_BUFFERS = 0x0013;

    private HypercallStatus() {}
}
