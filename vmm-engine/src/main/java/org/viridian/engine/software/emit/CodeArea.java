package org.viridian.engine.software.emit;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * The translated code of one processor: fixed stubs, then blocks, filled from the bottom and emptied as a whole when full.
 *
 * <p>Thread rule: the processor's own thread, except {@link #divert}.
 */
public final class CodeArea {
    /** More than the code of the longest block. */
    private static final int LONGEST = 64 << 10;
    private static final MethodHandle ENTER = Linker.nativeLinker().downcallHandle(
            FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));

    private final ExecutableMemory memory;
    final HostStubs stubs;
    private final int first;
    private final MemorySegment enter;
    private int used;

    /** Maps {@code bytes} and writes the stubs. Throws {@link UnsupportedOperationException} when the host refuses. */
    public CodeArea(long bytes) {
        memory = ExecutableMemory.allocate(bytes);
        Assembler a = new Assembler();
        stubs = new HostStubs(a);
        memory.write(0, a.bytes(), a.position());
        first = a.position() + 63 & -64;
        used = first;
        enter = MemorySegment.ofAddress(memory.executable() + stubs.enter);
    }

    /** Runs code until it exits. {@code state} is the state register's value, {@code code} an offset. */
    public void run(long state, int code) {
        try {
            ENTER.invokeExact(enter, state, memory.executable() + code);
        } catch (Throwable e) {
            throw new IllegalStateException("the call of translated code failed", e);
        }
    }

    /** True when a block more may not fit: time to empty the area. */
    public boolean full() {
        return used + LONGEST > memory.size();
    }

    /** Forgets all blocks. */
    public void empty() {
        used = first;
    }

    /** Bytes in use. */
    public long used() {
        return used;
    }

    /** Offset at which the next block starts. */
    int next() {
        return used;
    }

    void add(byte[] code, int length) {
        memory.write(used, code, length);
        used = used + length + 15 & -16;
    }

    /** Host address of an offset. */
    public long address(int offset) {
        return memory.executable() + offset;
    }

    /** Lets a jump at {@code site}, the place of its displacement, go to {@code target}. Only while the code does not run. */
    public void link(int site, int target) {
        memory.write32(site, target - (site + 4));
    }

    /**
     * Puts a jump to {@code target} at the head of a block: an 8-byte aligned offset, an instruction of seven bytes, and the 0Fh
     * of a conditional jump. That byte stays, for the thread that runs the code may stand before it. Any thread, also while the
     * code runs.
     */
    public void divert(int offset, int target) {
        long word = 0xE9L | (target - (offset + 5) & 0xFFFF_FFFFL) << 8 | 0x0FCC_CC00_0000_0000L;
        memory.write64(offset, word);
    }
}
