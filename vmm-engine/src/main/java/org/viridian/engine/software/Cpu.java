package org.viridian.engine.software;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.viridian.engine.processor.ProcessorBus;
import org.viridian.engine.software.emit.StateLayout;

/**
 * One x86-64 processor: what the micro-operations work on. Adds to the registers and the TLB the slow ways of memory,
 * modes, and the requests of other threads.
 *
 * <p>Thread rule: everything belongs to the processor's own thread except {@link #request}.
 */
public final class Cpu extends CpuMemory {
    /** Another thread wants {@code run} to return. */
    static final int PENDING_KICK = 1;
    /** The local APIC, the PIC or an NMI may have something to deliver. */
    static final int PENDING_INTERRUPT = 2;
    /** A page has become code: drop write tags. */
    static final int PENDING_WRITE_TAGS = 4;
    /** The physical address space has changed: drop the whole TLB. */
    static final int PENDING_FLUSH = 8;
    /** HLT, or wait for SIPI. */
    static final int PENDING_HALT = 16;
    /** RFLAGS.TF is set. */
    static final int PENDING_TRACE = 32;

    /** Another processor wants this one to stand still: {@link #lockBus}. */
    static final int PENDING_STOP = 64;

    /** Entries of a jump cache: 64 groups by page, 64 slots by offset. */
    static final int JUMP_ENTRIES = 4096;

    private static final VarHandle PENDING;

    static {
        try {
            PENDING = MethodHandles.lookup().findVarHandle(Cpu.class, "pending", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** The shared view of guest physical memory. */
    final PhysicalMemory memory;
    /** No paging, no MMIO: addresses outside regions raise #PF. For comparison with a real CPU's ring 3. */
    final boolean flat;
    final Walker walker = new Walker(this);
    final Segments segments = new Segments(this);
    final Exceptions exceptions = new Exceptions(this);
    final StackFaults stackFaults = new StackFaults(this);
    final TaskSwitch task = new TaskSwitch(this);
    final FarTransfers far = new FarTransfers(this);
    final ControlRegisters control = new ControlRegisters(this);
    final Msrs msrs;
    final LocalApic apic;
    final CpuidTable cpuid;
    private final SharedProcessors shared;

    volatile int pending;
    volatile long acknowledgedEpoch;
    private volatile boolean sleeping;
    /** Waits for another processor's bus lock. */
    private volatile boolean stopped;
    /** Physical address of an atomic access to a page with code, or -1. */
    private long atomicCode = -1;
    private volatile Thread thread;

    /** Where exits go; set while the processor runs. */
    ProcessorBus bus;
    /** Accesses are made with user rights. */
    private boolean userAccess;
    /** Bit of {@link #modeKey}: CS may end inside a page, so fetches are checked against its limit. */
    static final int LIMITED = 8;
    /** Key of the code size and stack size, and {@link #LIMITED}: 0–15. */
    int modeKey;
    /** An interrupt waits for IF. */
    boolean interruptDeferred;
    /** Between HLT and the next interrupt. */
    boolean halted;
    /** NMIs wait for IRET. */
    boolean nmiBlocked;
    /** One instruction at a time runs now: data accesses go the slow way, repeated strings stop after one element. */
    boolean stepping;
    /** {@link Stepper#SHADOW_STI}, {@link Stepper#SHADOW_SS} or 0: what covers the next instruction. */
    int shadow;
    /** Breakpoints that the running instruction has hit, as bits of DR6. */
    int debugHits;
    /** The running instruction takes no single-step trap: it has gone through a gate. */
    boolean quietTrap;
    /** The running instruction has loaded RF. */
    boolean resumeLoaded;
    /** Set by the executor. */
    Stepper stepper;
    /** Accesses are the processor's own, to descriptors and the like. */
    private boolean systemAccess;
    /** PAUSE instructions executed. */
    int pauses;
    /** Instructions retired. */
    long instructions;

    /** Fetch translations, 256 entries of tag and physical page with {@link #GLOBAL}; one table per privilege. */
    private final long[] supervisorFetch = new long[512];
    private final long[] userFetch = new long[512];
    private long[] fetch = supervisorFetch;
    private boolean fetchGlobal;

    final long[] supervisorJumpTags = new long[JUMP_ENTRIES];
    final Block[] supervisorJumps = new Block[JUMP_ENTRIES];
    private final boolean[] supervisorJumpGlobal = new boolean[JUMP_ENTRIES];
    final long[] userJumpTags = new long[JUMP_ENTRIES];
    final Block[] userJumps = new Block[JUMP_ENTRIES];
    /** Linear RIP to block, of the current privilege; cleared with the TLB. */
    long[] jumpTags = supervisorJumpTags;
    Block[] jumps = supervisorJumps;
    /** The jump cache of translated code, of the current privilege; cleared with the TLB. */
    long nativeJumps = area.supervisorJumps();
    /** The supervisor's jump cache of translated code has entries for pages that do not survive CR3 writes. */
    private boolean nativeJumpsNotGlobal;

    private final CpuFault fault = new CpuFault();

    Cpu(PhysicalMemory memory, SharedProcessors shared, int index, CpuidTable cpuid, boolean flat) {
        this.memory = memory;
        this.flat = flat;
        this.cpuid = cpuid;
        this.shared = shared;
        this.apic = new LocalApic(this, shared, index);
        this.msrs = new Msrs(this, shared.clock);
        flushAll();
    }

    // ---- requests ----

    /** Asks the processor to look at something at its next block boundary. Any thread. */
    void request(int what) {
        if ((pending & what) != what) {
            PENDING.getAndBitwiseOr(this, what);
        }
        if (sleeping) {
            LockSupport.unpark(thread);
        }
    }

    /** Which thread executes guest code now, or null. */
    void runsOn(Thread executing) {
        thread = executing;
    }

    /** True while another thread runs this processor and has not yet dropped its translations as asked. */
    boolean flushOutstanding() {
        Thread running = thread;
        return running != null && running != Thread.currentThread() && (pending & PENDING_FLUSH) != 0;
    }

    /** Takes these requests back. */
    void withdraw(int what) {
        PENDING.getAndBitwiseAnd(this, ~what);
    }

    /** Waits up to {@code nanos} (0: without limit) for a request outside {@code ignored}. Own thread only. */
    void sleep(long nanos, int ignored) {
        sleeping = true;
        try {
            if ((pending & ~ignored) == 0) {
                if (nanos > 0) {
                    LockSupport.parkNanos(this, nanos);
                } else {
                    LockSupport.park(this);
                }
            }
        } finally {
            sleeping = false;
        }
    }

    /** Called when IF may have become 1: lets a waiting interrupt in at the next boundary. */
    void interruptsEnabled() {
        if (interruptDeferred && (eflags & F_IF) != 0) {
            request(PENDING_INTERRUPT);
        }
    }

    // ---- exceptions ----

    @Override
    public CpuFault raise(int vector, int errorCode) {
        fault.vector = vector;
        fault.error = errorCode;
        fault.nonCanonical = false;
        fault.inNewTask = false;
        return fault;
    }

    /** Raises #UD or #NM when SSE may not be used now. Every SSE operation calls it first. */
    public void checkSse() {
        if ((cr0 & (CR0_EM | CR0_TS)) != 0 || (cr4 & CR4_OSFXSR) == 0) {
            throw raise((cr0 & CR0_EM) != 0 || (cr4 & CR4_OSFXSR) == 0 ? CpuFault.UD : CpuFault.NM);
        }
    }

    /** Raises #NM when x87 may not be used now. Every x87 operation calls it first (WAIT: {@link #checkWait}). */
    public void checkFpu() {
        if ((cr0 & (CR0_EM | CR0_TS)) != 0) {
            throw raise(CpuFault.NM);
        }
    }

    /** Raises #UD or #NM when MMX may not be used now. */
    public void checkMmx() {
        if ((cr0 & (CR0_EM | CR0_TS)) != 0) {
            throw raise((cr0 & CR0_EM) != 0 ? CpuFault.UD : CpuFault.NM);
        }
    }

    /** CR4.OSXSAVE: XSAVE and kin exist. */
    public boolean extendedStates() {
        return (cr4 & CR4_OSXSAVE) != 0;
    }

    /** CR0.TS. */
    public boolean taskSwitched() {
        return (cr0 & CR0_TS) != 0;
    }

    /** Raises #NM when WAIT/FWAIT may not run now. */
    public void checkWait() {
        if ((cr0 & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS)) {
            throw raise(CpuFault.NM);
        }
    }

    /** The exception of an unmasked SIMD floating-point condition: #XM, or #UD without CR4.OSXMMEXCPT. */
    public CpuFault simdException() {
        return raise((cr4 & CR4_OSXMMEXCPT) != 0 ? CpuFault.XM : CpuFault.UD);
    }

    /** CR0.NE: unmasked x87 exceptions raise #MF at the next waiting instruction. */
    public boolean numericErrors() {
        return (cr0 & CR0_NE) != 0;
    }

    /** Raises #GP(0) unless the current privilege level is 0. */
    void requireCpl0() {
        if (cpl != 0) {
            throw raise(CpuFault.GP, 0);
        }
    }

    /**
     * The target of a near branch of 64-bit code: raises #GP(0) on the branch itself when it is not canonical, as processors
     * of both vendors do.
     */
    long target(long rip) {
        if (rip << 16 >> 16 != rip) {
            throw raise(CpuFault.GP, 0);
        }
        return rip;
    }

    /** The target of a near branch of 16- and 32-bit code: raises #GP(0) beyond the limit of CS. */
    long legacyTarget(long rip) {
        if (rip > segLimit[CS]) {
            throw raise(CpuFault.GP, 0);
        }
        return rip;
    }

    // ---- modes ----

    /** Sets the privilege level and the tables that go with it. */
    void setCpl(int level) {
        cpl = level;
        boolean user = level == 3;
        userAccess = user;
        selectTlb();
        if (user && (eflags & F_AC) != 0 && Stepper.needed(this)) {
            request(PENDING_TRACE);
        }
        fetch = user ? userFetch : supervisorFetch;
        jumpTags = user ? userJumpTags : supervisorJumpTags;
        jumps = user ? userJumps : supervisorJumps;
        nativeJumps = user ? area.userJumps() : area.supervisorJumps();
    }

    /** Derives code size, stack size and block key from CS, SS and EFER. */
    void updateMode() {
        int cs = segAttr[CS];
        boolean stack32 = (segAttr[SS] & Segments.BIG) != 0;
        if (longMode() && (cs & Segments.LONG) != 0) {
            codeSize = 64;
            stackMask = -1L;
        } else {
            codeSize = (cs & Segments.BIG) != 0 ? 32 : 16;
            stackMask = stack32 ? 0xFFFF_FFFFL : 0xFFFF;
        }
        int key = codeSize == 64 ? 2 : (codeSize == 32 ? 1 : 0) | (stack32 ? 4 : 0);
        if (codeSize == 32 && segLimit[CS] != 0xFFFF_FFFFL || codeSize == 16 && segLimit[CS] < 0xFFFF) {
            // The segment may end inside a page: its blocks are not those of other segments over the same memory.
            key |= LIMITED;
        }
        if (key != modeKey) {
            modeKey = key;
            clearJumps();
        }
    }

    /** Switches to supervisor rights for accesses to descriptor tables; answers what {@link #leaveSystem} wants back. */
    boolean enterSystem() {
        boolean was = userAccess;
        userAccess = false;
        systemAccess = true;
        selectTlb();
        return was;
    }

    void leaveSystem(boolean was) {
        userAccess = was;
        systemAccess = false;
        selectTlb();
    }

    private void selectTlb() {
        tlb = stepping ? noTlb : userAccess ? userTlb : userPagesOpen() ? openTlb : supervisorTlb;
    }

    /** With CR4.SMAP on, AC opens user pages to the supervisor's explicit accesses. */
    boolean userPagesOpen() {
        return (cr4 & CR4_SMAP) != 0 && (eflags & F_AC) != 0 && !systemAccess;
    }

    /** Behind a change of RFLAGS.AC. */
    void accessChanged() {
        selectTlb();
    }

    /** Switches to one instruction at a time and back; see {@link Stepper}. */
    void stepping(boolean on) {
        stepping = on;
        selectTlb();
    }

    /** Tells the stepper of a data access. */
    private void inspect(long linear, int size, boolean write) {
        if (stepping && !systemAccess) {
            stepper.access(linear, size, write, userAccess);
        }
    }

    /** Linear address of a segment offset in 16- and 32-bit code, after the checks of limit and type. */
    long legacyLinear(int segment, long offset, int size, boolean write) {
        return segments.legacyLinear(segment, offset, size, write);
    }

    // ---- translation ----

    void flushAll() {
        clearTlb(supervisorTlb);
        clearTlb(userTlb);
        clearTlb(openTlb);
        for (int i = 0; i < 256; i++) {
            supervisorFetch[i * 2] = 1;
            userFetch[i * 2] = 1;
        }
        clearJumps();
    }

    private void clearJumps() {
        for (int i = 0; i < JUMP_ENTRIES; i++) {
            // No RIP maps all bits set to any slot but the last; that slot gets another value.
            supervisorJumpTags[i] = i == JUMP_ENTRIES - 1 ? 0 : -1;
            userJumpTags[i] = i == JUMP_ENTRIES - 1 ? 0 : -1;
        }
        clearNativeJumps(true);
    }

    /** Empties the jump caches of translated code; that of the supervisor only if asked, or if a CR3 write concerns it. */
    void clearNativeJumps(boolean all) {
        clearNativeJumps(area.userJumps());
        if (all || nativeJumpsNotGlobal) {
            clearNativeJumps(area.supervisorJumps());
            nativeJumpsNotGlobal = false;
        }
    }

    private static void clearNativeJumps(long table) {
        Mem.fill(table, (long) StateLayout.JUMP_ENTRIES * StateLayout.JUMP_ENTRY_BYTES, 0);
        // An empty tag is an address that selects another entry.
        Mem.raw64(table, 1);
    }

    /** Lets translated code find the code for a linear address, whose page was fetched last. */
    void rememberNativeJump(long linear, long code) {
        long entry = nativeJumps + (long) StateLayout.jumpEntry(linear) * StateLayout.JUMP_ENTRY_BYTES;
        Mem.raw64(entry, linear);
        Mem.raw64(entry + 8, code);
        int slot = jumpSlot(linear);
        nativeJumpsNotGlobal |= cpl != 3 && !(jumpTags[slot] == linear && supervisorJumpGlobal[slot]);
    }

    void forgetNativeJump(long linear) {
        int index = StateLayout.jumpEntry(linear);
        long entry = nativeJumps + (long) index * StateLayout.JUMP_ENTRY_BYTES;
        if (Mem.raw64(entry) == linear) {
            Mem.raw64(entry, index == 0 ? 1 : 0);
        }
    }

    private static void dropNativeJumps(long table, long gigabyte) {
        for (int i = 0; i < StateLayout.JUMP_ENTRIES; i++) {
            long entry = table + (long) i * StateLayout.JUMP_ENTRY_BYTES;
            if (Mem.raw64(entry) >> 30 == gigabyte) {
                Mem.raw64(entry, i == 0 ? 1 : 0);
            }
        }
    }

    /** Forgets everything but global pages: a CR3 write. */
    void flushNonGlobal() {
        for (int entry = 0; entry < TLB_ENTRIES; entry++) {
            if ((tlbWord(supervisorTlb, entry, PHYSICAL) & GLOBAL) == 0) {
                clearEntry(supervisorTlb, entry);
            }
            if ((tlbWord(userTlb, entry, PHYSICAL) & GLOBAL) == 0) {
                clearEntry(userTlb, entry);
            }
            if ((tlbWord(openTlb, entry, PHYSICAL) & GLOBAL) == 0) {
                clearEntry(openTlb, entry);
            }
        }
        for (int i = 0; i < 256; i++) {
            if ((supervisorFetch[i * 2 + 1] & GLOBAL) == 0) {
                supervisorFetch[i * 2] = 1;
            }
            userFetch[i * 2] = 1;
        }
        for (int i = 0; i < JUMP_ENTRIES; i++) {
            if (!supervisorJumpGlobal[i]) {
                supervisorJumpTags[i] = i == JUMP_ENTRIES - 1 ? 0 : -1;
            }
            userJumpTags[i] = i == JUMP_ENTRIES - 1 ? 0 : -1;
        }
        clearNativeJumps(false);
    }

    /** Does what {@link #PENDING_WRITE_TAGS} asks for. */
    void acknowledgeWriteTags() {
        withdraw(PENDING_WRITE_TAGS);
        long epoch = memory.epoch();
        dropWriteTags(-1);
        acknowledgedEpoch = epoch;
    }

    /** Forgets one page, or the whole large page that maps this address: INVLPG. */
    void flushPage(long linear) {
        int entry = (int) (linear >>> 12) & TLB_ENTRIES - 1;
        clearEntry(userTlb, entry);
        clearEntry(supervisorTlb, entry);
        clearEntry(openTlb, entry);
        long gigabyte = linear >> 30;
        for (int i = 0; i < TLB_ENTRIES; i++) {
            dropLarge(supervisorTlb, i, gigabyte);
            dropLarge(userTlb, i, gigabyte);
            dropLarge(openTlb, i, gigabyte);
        }
        for (int i = 0; i < 256; i++) {
            if (supervisorFetch[i * 2] >> 30 == gigabyte) {
                supervisorFetch[i * 2] = 1;
            }
            if (userFetch[i * 2] >> 30 == gigabyte) {
                userFetch[i * 2] = 1;
            }
        }
        dropNativeJumps(area.supervisorJumps(), gigabyte);
        dropNativeJumps(area.userJumps(), gigabyte);
        int group = ((int) (linear >>> 12) & 63) << 6;
        for (int i = group; i < group + 64; i++) {
            supervisorJumpTags[i] = i == JUMP_ENTRIES - 1 ? 0 : -1;
            userJumpTags[i] = i == JUMP_ENTRIES - 1 ? 0 : -1;
        }
    }

    private static void dropLarge(long table, int entry, long gigabyte) {
        if ((tlbWord(table, entry, PHYSICAL) & LARGE) != 0 && tlbWord(table, entry, READ_TAG) >> 30 == gigabyte) {
            clearEntry(table, entry);
        }
    }

    /** Drops write tags: of one physical page, or of all (-1). */
    void dropWriteTags(long physicalPage) {
        for (int entry = 0; entry < TLB_ENTRIES; entry++) {
            dropWriteTag(supervisorTlb, entry, physicalPage);
            dropWriteTag(userTlb, entry, physicalPage);
            dropWriteTag(openTlb, entry, physicalPage);
        }
    }

    private static void dropWriteTag(long table, int entry, long physicalPage) {
        if (physicalPage < 0 || (tlbWord(table, entry, PHYSICAL) & ~0xFFFL) == physicalPage) {
            tlbWord(table, entry, WRITE_TAG, emptyTag(entry));
        }
    }

    private void checkCanonical(long linear) {
        if (longMode() && linear << 16 >> 16 != linear) {
            raise(CpuFault.GP, 0);
            fault.nonCanonical = true;
            fault.linear = linear;
            throw fault;
        }
    }

    @Override
    long translate(long linear, int access) {
        long at = longMode() ? linear : linear & 0xFFFF_FFFFL;
        checkCanonical(at);
        long physical = walker.walk(at, access, userAccess);
        if (access == ACCESS_EXECUTE || stepping) {
            return physical;
        }
        PhysicalMemory.Region region = memory.find(physical);
        if (region != null && at == linear && !apic.claims(physical)) {
            int entry = tlbIndex(at);
            long page = at & ~0xFFFL;
            tlbWord(tlb, entry, READ_TAG, page);
            CodePage code = region.codePage(physical);
            boolean direct = walker.writable && region.writable && (code == null || !code.populated());
            tlbWord(tlb, entry, WRITE_TAG, direct ? page : emptyTag(entry));
            tlbWord(tlb, entry, HOST, (physical & ~0xFFFL) + region.addend);
            tlbWord(tlb, entry, PHYSICAL, physical & ~0xFFFL | (walker.global ? GLOBAL : 0) | (walker.large ? LARGE : 0)
                    | (walker.writable && region.writable ? WRITABLE : 0));
        }
        return physical;
    }

    /** Physical address of an instruction fetch; {@link #fetchWasGlobal} tells of the page. */
    long translateFetch(long linear) {
        int i = ((int) (linear >>> 12) & 255) * 2;
        if (fetch[i] == (linear & ~0xFFFL)) {
            fetchGlobal = (fetch[i + 1] & GLOBAL) != 0;
            return fetch[i + 1] & ~0xFFFL | linear & 0xFFF;
        }
        long physical = translate(linear, ACCESS_EXECUTE);
        fetchGlobal = walker.global;
        fetch[i] = linear & ~0xFFFL;
        fetch[i + 1] = physical & ~0xFFFL | (walker.global ? GLOBAL : 0);
        return physical;
    }

    /** Whether the page of the last {@link #translateFetch} survives CR3 writes. */
    boolean fetchWasGlobal() {
        return fetchGlobal;
    }

    static int jumpSlot(long linear) {
        return ((int) (linear >>> 12) & 63) << 6 | ((int) linear ^ (int) linear >>> 6) & 63;
    }

    void rememberJump(long linear, Block block, boolean global) {
        int slot = jumpSlot(linear);
        jumpTags[slot] = linear;
        jumps[slot] = block;
        if (jumps == supervisorJumps) {
            supervisorJumpGlobal[slot] = global;
        }
    }

    // ---- slow memory ----

    @Override
    long slowLoad(long linear, int size) {
        inspect(linear, size, false);
        int room = 4096 - ((int) linear & 0xFFF);
        if (size <= room) {
            return loadPhysical(translate(linear, ACCESS_READ), size);
        }
        checkCanonical(linear + room);
        long first = translate(linear, ACCESS_READ);
        long second = translate(linear + room, ACCESS_READ);
        long value = 0;
        for (int i = 0; i < size; i++) {
            value |= loadPhysical(i < room ? first + i : second + i - room, 1) << i * 8;
        }
        return value;
    }

    @Override
    long slowModify(long linear, int size) {
        inspect(linear, size, false);
        int room = 4096 - ((int) linear & 0xFFF);
        if (size <= room) {
            return loadPhysical(translateStore(linear), size);
        }
        checkCanonical(linear + room);
        translate(linear, ACCESS_WRITE);
        translate(linear + room, ACCESS_WRITE);
        return slowLoad(linear, size);
    }

    /** As {@link #translate} for a store; pages with code have no write tag but need no walk either. */
    private long translateStore(long linear) {
        int entry = tlbIndex(linear);
        boolean known = tlbWord(tlb, entry, READ_TAG) == (linear & ~0xFFFL) && (tlbWord(tlb, entry, PHYSICAL) & WRITABLE) != 0;
        return known ? tlbWord(tlb, entry, PHYSICAL) & ~0xFFFL | linear & 0xFFF : translate(linear, ACCESS_WRITE);
    }

    @Override
    void slowStore(long linear, int size, long value) {
        inspect(linear, size, true);
        int room = 4096 - ((int) linear & 0xFFF);
        if (size <= room) {
            int entry = tlbIndex(linear);
            long known = tlbWord(tlb, entry, READ_TAG) == (linear & ~0xFFFL) ? tlbWord(tlb, entry, PHYSICAL) & WRITABLE : 0;
            long physical = known != 0 ? tlbWord(tlb, entry, PHYSICAL) & ~0xFFFL | linear & 0xFFF : translate(linear, ACCESS_WRITE);
            storePhysical(physical, size, value);
            if (known != 0 && !isCode(physical)) {
                tlbWord(tlb, entry, WRITE_TAG, linear & ~0xFFFL);
            }
            return;
        }
        checkCanonical(linear + room);
        long first = translate(linear, ACCESS_WRITE);
        long second = translate(linear + room, ACCESS_WRITE);
        for (int i = 0; i < size; i++) {
            storePhysical(i < room ? first + i : second + i - room, 1, value >>> i * 8);
        }
    }

    /** Reads 1, 2, 4 or 8 bytes of RAM, the local APIC or a device, zero-extended. */
    private long loadPhysical(long physical, int size) {
        if (apic.claims(physical)) {
            return apic.readMmio((int) physical & 0xFFF, size);
        }
        PhysicalMemory.Region region = memory.find(physical);
        if (region == null) {
            return bus.readMmio(physical, size);
        }
        long host = physical + region.addend;
        return switch (size) {
            case 1 -> Mem.get8(host);
            case 2 -> Mem.get16(host);
            case 4 -> Mem.get32(host) & 0xFFFF_FFFFL;
            default -> Mem.get64(host);
        };
    }

    private void storePhysical(long physical, int size, long value) {
        if (apic.claims(physical)) {
            apic.writeMmio((int) physical & 0xFFF, size, value);
            return;
        }
        PhysicalMemory.Region region = memory.find(physical);
        if (region == null || !region.writable) {
            bus.writeMmio(physical, size, value);
            return;
        }
        long host = physical + region.addend;
        switch (size) {
            case 1 -> Mem.put8(host, (int) value);
            case 2 -> Mem.put16(host, (int) value);
            case 4 -> Mem.put32(host, (int) value);
            default -> Mem.put64(host, value);
        }
        codeWritten(region, physical, size);
    }

    private boolean isCode(long physical) {
        PhysicalMemory.Region region = memory.find(physical);
        CodePage code = region == null ? null : region.codePage(physical);
        return region == null || code != null && code.populated();
    }

    /** Drops code made from these bytes of one page. */
    void codeWritten(PhysicalMemory.Region region, long physical, int size) {
        CodePage code = region.codePage(physical);
        if (code != null) {
            code.wrote((int) physical & 0xFFF, size);
        }
    }

    /**
     * Host address for an atomic access, or 0 when it must go under {@link #lockBus}: devices, page crossings, and on
     * hosts that want natural alignment misaligned ones. Raises what a store would raise. {@link #atomicDone} must follow.
     */
    long hostForAtomic(long linear, int size) {
        int entry = tlbIndex(linear);
        long at = tlbWord(tlb, entry, WRITE_TAG) ^ linear;
        if (Long.compareUnsigned(at, 4096 - size) <= 0) {
            return Mem.atomicAt(at + tlbWord(tlb, entry, HOST), size);
        }
        inspect(linear, size, true);
        probeWrite(linear, size);
        at = tlbWord(tlb, entry, WRITE_TAG) ^ linear;
        if (Long.compareUnsigned(at, 4096 - size) <= 0) {
            return Mem.atomicAt(at + tlbWord(tlb, entry, HOST), size);
        }
        if ((linear & 0xFFF) > 4096 - size) {
            return 0;
        }
        long physical = translate(linear, ACCESS_WRITE);
        PhysicalMemory.Region region = memory.find(physical);
        if (region == null || !region.writable || apic.claims(physical)) {
            return 0;
        }
        long host = Mem.atomicAt(physical + region.addend, size);
        if (host != 0) {
            atomicCode = physical;
        }
        return host;
    }

    /** Behind an atomic update through {@link #hostForAtomic}: drops code that it has overwritten. */
    void atomicDone(int size) {
        long physical = atomicCode;
        if (physical >= 0) {
            atomicCode = -1;
            PhysicalMemory.Region region = memory.find(physical);
            if (region != null) {
                codeWritten(region, physical, size);
            }
        }
    }

    /** Makes all other processors stand still until {@link #unlockBus}: the bus lock of a split atomic access. */
    void lockBus() {
        shared.stopOthers(this);
    }

    void unlockBus() {
        shared.resumeOthers(this);
    }

    /** True when this processor does not touch guest memory, or will look at its requests before it does. */
    boolean standsStill() {
        return thread == null || sleeping || stopped;
    }

    /** Waits until no other processor holds the bus. Own thread only, between instructions. */
    void standStill() {
        stopped = true;
        try {
            shared.awaitBus(this);
        } finally {
            stopped = false;
        }
    }

    void stopped(boolean still) {
        stopped = still;
    }

    /**
     * Host address of a run of bytes for bulk work, or 0 when it is not plain memory; {@code bytes} must not cross the
     * page. Raises what the access would raise.
     */
    long hostForBulk(long linear, int bytes, boolean write) {
        int entry = tlbIndex(linear);
        int tag = write ? WRITE_TAG : READ_TAG;
        if (tlbWord(tlb, entry, tag) != (linear & ~0xFFFL)) {
            translate(linear, write ? ACCESS_WRITE : ACCESS_READ);
            if (tlbWord(tlb, entry, tag) != (linear & ~0xFFFL)) {
                return 0;
            }
        }
        return (linear & 0xFFF) + tlbWord(tlb, entry, HOST);
    }
}
