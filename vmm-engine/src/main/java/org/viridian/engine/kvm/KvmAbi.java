package org.viridian.engine.kvm;

/**
 * Numbers and layouts of KVM on x86-64 (Linux Documentation/virt/kvm/api.rst; the ABI is frozen at version 12). Offsets are
 * in bytes from the start of the structure named in the group's comment.
 */
final class KvmAbi {
    static final int API_VERSION = 12;

    // Requests on /dev/kvm.
    static final long GET_API_VERSION = 0xAE00;
    static final long CREATE_VM = 0xAE01;
    static final long CHECK_EXTENSION = 0xAE03;
    static final long GET_VCPU_MMAP_SIZE = 0xAE04;
    static final long GET_MSR_INDEX_LIST = 0xC004AE02L;
    static final long GET_SUPPORTED_CPUID = 0xC008AE05L;

    // Requests on a VM.
    static final long CREATE_VCPU = 0xAE41;
    static final long SET_USER_MEMORY_REGION = 0x4020AE46L;
    static final long SET_TSS_ADDR = 0xAE47;
    static final long SET_IDENTITY_MAP_ADDR = 0x4008AE48L;
    static final long ENABLE_CAP = 0x4068AEA3L;
    static final long X86_SET_MSR_FILTER = 0x4188AEC6L;
    static final long SET_GSI_ROUTING = 0x4008AE6AL;
    static final long SIGNAL_MSI = 0x4020AEA5L;
    static final long IOEVENTFD = 0x4040AE79L;

    // Requests on a processor.
    static final long RUN = 0xAE80;
    static final long GET_REGS = 0x8090AE81L;
    static final long SET_REGS = 0x4090AE82L;
    static final long GET_SREGS = 0x8138AE83L;
    static final long SET_SREGS = 0x4138AE84L;
    static final long INTERRUPT = 0x4004AE86L;
    static final long GET_MSRS = 0xC008AE88L;
    static final long SET_MSRS = 0x4008AE89L;
    static final long GET_LAPIC = 0x8400AE8EL;
    static final long SET_LAPIC = 0x4400AE8FL;
    static final long SET_CPUID2 = 0x4008AE90L;
    static final long SET_MP_STATE = 0x4004AE99L;
    static final long GET_MP_STATE = 0x8004AE98L;
    static final long GET_VCPU_EVENTS = 0x8040AE9FL;
    static final long SET_VCPU_EVENTS = 0x4040AEA0L;
    /** On a processor or a VM; the answer in kHz is the result. */
    static final long GET_TSC_KHZ = 0xAEA3;
    static final long GET_XSAVE = 0x9000AEA4L;
    static final long SET_XSAVE = 0x5000AEA5L;
    static final long GET_DEBUGREGS = 0x8080AEA1L;
    static final long SET_DEBUGREGS = 0x4080AEA2L;
    static final long GET_XCRS = 0x8188AEA6L;
    static final long SET_XCRS = 0x4188AEA7L;

    // Capabilities.
    static final int CAP_USER_MEMORY = 3;
    static final int CAP_EXT_CPUID = 7;
    static final int CAP_IRQ_ROUTING = 25;
    static final int CAP_IOEVENTFD = 36;
    static final int CAP_HYPERV = 44;
    static final int CAP_XSAVE = 55;
    static final int CAP_MAX_VCPUS = 66;
    static final int CAP_TSC_DEADLINE_TIMER = 72;
    static final int CAP_SYNC_REGS = 74;
    static final int CAP_SIGNAL_MSI = 77;
    static final int CAP_READONLY_MEM = 81;
    static final int CAP_SPLIT_IRQCHIP = 121;
    static final int CAP_IMMEDIATE_EXIT = 136;
    static final int CAP_HYPERV_SYNIC2 = 148;
    static final int CAP_X86_USER_SPACE_MSR = 188;
    static final int CAP_X86_MSR_FILTER = 189;

    /** struct kvm_enable_cap: cap u32, flags u32, args u64[4], pad. */
    static final int ENABLE_CAP_SIZE = 104;
    static final int ENABLE_CAP_ARGS = 8;
    static final long MSR_EXIT_REASON_FILTER = 4;

    /** struct kvm_msr_filter: flags u32, 16 ranges of {flags u32, nmsrs u32, base u32, bitmap pointer}. */
    static final int MSR_FILTER_SIZE = 392;
    static final int MSR_FILTER_RANGES = 8;
    static final int MSR_RANGE_COUNT = 4;
    static final int MSR_RANGE_BASE = 8;
    static final int MSR_RANGE_BITMAP = 16;
    static final int MSR_FILTER_READ_WRITE = 3;

    /** struct kvm_userspace_memory_region: slot u32, flags u32, guest address, size, host address. */
    static final int MEMORY_REGION_SIZE = 32;
    static final int MEM_READONLY = 2;

    /** struct kvm_irq_routing: nr u32, flags u32, entries {gsi u32, type u32, flags u32, pad, MSI lo u32, hi u32, data u32}. */
    static final int ROUTING_HEADER = 8;
    static final int ROUTING_ENTRY_SIZE = 48;
    static final int ROUTING_TYPE = 4;
    static final int ROUTING_MSI_ADDRESS = 16;
    static final int ROUTING_MSI_DATA = 24;
    static final int ROUTING_TYPE_MSI = 2;

    /** struct kvm_msi: address lo u32, hi u32, data u32, flags u32, devid u32, pad. */
    static final int MSI_SIZE = 32;
    static final int MSI_DATA = 8;

    /** struct kvm_ioeventfd: datamatch u64, addr u64, len u32, fd s32, flags u32, pad. */
    static final int IOEVENTFD_SIZE = 64;
    static final int IOEVENTFD_ADDRESS = 8;
    static final int IOEVENTFD_LENGTH = 16;
    static final int IOEVENTFD_FD = 20;
    static final int IOEVENTFD_FLAGS = 24;
    static final int IOEVENTFD_DATAMATCH = 1;
    static final int IOEVENTFD_PIO = 2;
    static final int IOEVENTFD_DEASSIGN = 4;

    /** struct kvm_cpuid2: nent u32, pad, entries {function, index, flags, eax, ebx, ecx, edx, pad u32[3]}. */
    static final int CPUID_HEADER = 8;
    static final int CPUID_ENTRY_SIZE = 40;
    static final int CPUID_MAX_ENTRIES = 256;
    static final int CPUID_SIGNIFICANT_INDEX = 1;

    /** struct kvm_msrs: nmsrs u32, pad, entries {index u32, reserved u32, data u64}. */
    static final int MSRS_HEADER = 8;
    static final int MSR_ENTRY_SIZE = 16;
    /** struct kvm_msr_list: nmsrs u32, indices u32[]. */
    static final int MSR_LIST_MAX = 1024;

    /** struct kvm_regs: RAX RBX RCX RDX RSI RDI RSP RBP R8–R15 RIP RFLAGS. */
    static final int REGS_SIZE = 144;
    static final int REGS_RIP = 128;
    static final int REGS_RFLAGS = 136;
    /** From the encoding of a register to its place in kvm_regs. */
    static final int[] REGS_ORDER = {0, 2, 3, 1, 6, 7, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15};

    /** struct kvm_sregs: CS DS ES FS GS SS TR LDT, GDT, IDT, CR0 CR2 CR3 CR4 CR8 EFER, APIC base, interrupt bitmap. */
    static final int SREGS_SIZE = 312;
    /** From the order of ProcessorState (ES CS SS DS FS GS LDTR TR) to the offset in kvm_sregs. */
    static final int[] SREGS_SEGMENTS = {48, 0, 120, 24, 72, 96, 168, 144};
    static final int SREGS_CS = 0;
    static final int SREGS_SS = 120;
    static final int SREGS_GDT = 192;
    static final int SREGS_IDT = 208;
    static final int SREGS_CR0 = 224;
    static final int SREGS_CR2 = 232;
    static final int SREGS_CR3 = 240;
    static final int SREGS_CR4 = 248;
    static final int SREGS_CR8 = 256;
    static final int SREGS_EFER = 264;
    static final int SREGS_APIC_BASE = 272;
    static final int SREGS_INTERRUPT_BITMAP = 280;

    /** struct kvm_segment: base u64, limit u32, selector u16, then bytes. */
    static final int SEGMENT_LIMIT = 8;
    static final int SEGMENT_SELECTOR = 12;
    static final int SEGMENT_TYPE = 14;
    static final int SEGMENT_PRESENT = 15;
    static final int SEGMENT_DPL = 16;
    static final int SEGMENT_DB = 17;
    static final int SEGMENT_S = 18;
    static final int SEGMENT_L = 19;
    static final int SEGMENT_G = 20;
    static final int SEGMENT_AVL = 21;
    static final int SEGMENT_UNUSABLE = 22;

    /** struct kvm_dtable: base u64, limit u16. */
    static final int DTABLE_LIMIT = 8;

    static final int LAPIC_SIZE = 1024;

    /**
     * struct kvm_vcpu_events: exception {injected, nr, has error, pending, error u32}, interrupt {injected, nr, soft, shadow},
     * nmi {injected, pending, masked, pad}, SIPI vector u32, flags u32, SMM.
     */
    static final int VCPU_EVENTS_SIZE = 64;
    static final int EVENT_EXCEPTION_INJECTED = 0;
    static final int EVENT_EXCEPTION_VECTOR = 1;
    static final int EVENT_EXCEPTION_HAS_ERROR = 2;
    static final int EVENT_EXCEPTION_PENDING = 3;
    static final int EVENT_EXCEPTION_ERROR = 4;
    static final int EVENT_INTERRUPT_INJECTED = 8;
    static final int EVENT_INTERRUPT_VECTOR = 9;
    static final int EVENT_INTERRUPT_SOFT = 10;
    static final int EVENT_SHADOW = 11;
    static final int EVENT_NMI_INJECTED = 12;
    static final int EVENT_NMI_PENDING = 13;
    static final int EVENT_NMI_MASKED = 14;
    static final int EVENT_FLAGS = 20;
    static final int EVENTS_VALID_NMI_PENDING = 1;
    static final int EVENTS_VALID_SHADOW = 4;

    /** struct kvm_debugregs: DR0–3, DR6, DR7, flags, reserved. */
    static final int DEBUGREGS_SIZE = 128;
    static final int DEBUGREGS_COUNT = 6;

    /** struct kvm_xcrs: nr u32, flags u32, entries {xcr u32, reserved u32, value u64}. */
    static final int XCRS_SIZE = 392;
    static final int XCRS_HEADER = 8;
    static final int XCR_ENTRY_SIZE = 16;

    static final int XSAVE_SIZE = 4096;
    static final int FXSAVE_SIZE = 512;
    static final int XSAVE_XSTATE_BV = 512;
    static final long XSTATE_FP_SSE = 3;

    static final int MP_STATE_RUNNABLE = 0;
    static final int MP_STATE_UNINITIALIZED = 1;
    static final int MP_STATE_INIT_RECEIVED = 2;
    static final int MP_STATE_HALTED = 3;

    // struct kvm_run, shared with the kernel while a processor runs.
    static final int RUN_REQUEST_INTERRUPT_WINDOW = 0;
    static final int RUN_IMMEDIATE_EXIT = 1;
    static final int RUN_EXIT_REASON = 8;
    static final int RUN_READY_FOR_INTERRUPT = 12;
    static final int RUN_IF_FLAG = 13;
    static final int RUN_HARDWARE_REASON = 32;
    static final int RUN_IO_DIRECTION = 32;
    static final int RUN_IO_SIZE = 33;
    static final int RUN_IO_PORT = 34;
    static final int RUN_IO_COUNT = 36;
    static final int RUN_IO_DATA_OFFSET = 40;
    static final int IO_OUT = 1;
    static final int RUN_MMIO_ADDRESS = 32;
    static final int RUN_MMIO_DATA = 40;
    static final int RUN_MMIO_LENGTH = 48;
    static final int RUN_MMIO_IS_WRITE = 52;
    static final int RUN_MSR_ERROR = 32;
    static final int RUN_MSR_INDEX = 44;
    static final int RUN_MSR_DATA = 48;
    static final int RUN_EOI_VECTOR = 32;
    static final int RUN_SUBERROR = 32;
    static final int RUN_NDATA = 36;
    static final int RUN_ERROR_DATA = 40;
    static final int RUN_EMULATION_FLAGS = 40;
    static final int RUN_EMULATION_SIZE = 48;
    static final int RUN_EMULATION_BYTES = 49;
    static final int SUBERROR_EMULATION = 1;
    static final int EMULATION_HAS_BYTES = 1;
    static final int RUN_VALID_REGS = 288;
    static final int RUN_DIRTY_REGS = 296;
    static final int RUN_SYNC_REGS = 304;
    static final long SYNC_REGS = 1;

    // Exit reasons.
    static final int EXIT_IO = 2;
    static final int EXIT_HLT = 5;
    static final int EXIT_MMIO = 6;
    static final int EXIT_IRQ_WINDOW_OPEN = 7;
    static final int EXIT_SHUTDOWN = 8;
    static final int EXIT_FAIL_ENTRY = 9;
    static final int EXIT_INTR = 10;
    static final int EXIT_INTERNAL_ERROR = 17;
    static final int EXIT_IOAPIC_EOI = 26;
    static final int EXIT_X86_RDMSR = 29;
    static final int EXIT_X86_WRMSR = 30;

    private KvmAbi() {}
}
