package org.viridian.engine.software;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * The host's LOCK CMPXCHG16B, which Java has no name for: a few bytes of machine code, entered through the foreign function
 * interface in some nanoseconds. Where the host is no x86-64 System V machine or refuses executable memory,
 * {@link #available} says so and callers stop the other processors instead.
 *
 * <p>Thread rule: any thread.
 */
final class HostAtomics {
    /**
     * {@code int f(void *memory, uint64_t v[5])}: v = expected low, expected high, new low, new high; the old value replaces
     * the expected one.
     */
    private static final byte[] CODE = {
        0x53,                                           // push rbx
        0x48, (byte) 0x8B, 0x06,                        // mov rax, [rsi]
        0x48, (byte) 0x8B, 0x56, 0x08,                  // mov rdx, [rsi + 8]
        0x48, (byte) 0x8B, 0x5E, 0x10,                  // mov rbx, [rsi + 16]
        0x48, (byte) 0x8B, 0x4E, 0x18,                  // mov rcx, [rsi + 24]
        (byte) 0xF0, 0x48, 0x0F, (byte) 0xC7, 0x0F,     // lock cmpxchg16b [rdi]
        0x48, (byte) 0x89, 0x06,                        // mov [rsi], rax
        0x48, (byte) 0x89, 0x56, 0x08,                  // mov [rsi + 8], rdx
        0x0F, (byte) 0x94, (byte) 0xC0,                 // sete al
        0x0F, (byte) 0xB6, (byte) 0xC0,                 // movzx eax, al
        0x5B, (byte) 0xC3};                             // pop rbx; ret
    private static final int PAGE = 4096;
    private static final int PROT_READ = 1;
    private static final int PROT_WRITE = 2;
    private static final int PROT_EXEC = 4;
    private static final int MAP_PRIVATE = 2;
    private static final int MAP_ANONYMOUS_LINUX = 0x20;

    private static final MethodHandle ENTRY = make();
    /** The call's arguments: one buffer a thread, for processors are threads. */
    private static final ThreadLocal<MemorySegment> BUFFER = ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(40, 16));

    private HostAtomics() {}

    static boolean available() {
        return ENTRY != null;
    }

    /** Compares 16 aligned bytes with RDX:RAX in {@code gpr}; stores RCX:RBX, or loads RDX:RAX. Answers whether it stored. */
    static boolean compareExchange16(long host, long[] gpr) {
        MemorySegment values = BUFFER.get();
        values.set(ValueLayout.JAVA_LONG, 0, gpr[0]);
        values.set(ValueLayout.JAVA_LONG, 8, gpr[2]);
        values.set(ValueLayout.JAVA_LONG, 16, gpr[3]);
        values.set(ValueLayout.JAVA_LONG, 24, gpr[1]);
        int equal;
        try {
            equal = (int) ENTRY.invokeExact(host, values.address());
        } catch (Throwable impossible) {
            throw new AssertionError(impossible);
        }
        if (equal == 0) {
            gpr[0] = values.get(ValueLayout.JAVA_LONG, 0);
            gpr[2] = values.get(ValueLayout.JAVA_LONG, 8);
        }
        return equal != 0;
    }

    private static MethodHandle make() {
        if (!System.getProperty("os.arch").equals("amd64") || !System.getProperty("os.name").equals("Linux")) {
            return null;
        }
        try {
            Linker linker = Linker.nativeLinker();
            var word = ValueLayout.JAVA_LONG;
            var number = ValueLayout.JAVA_INT;
            MethodHandle map = linker.downcallHandle(linker.defaultLookup().findOrThrow("mmap"),
                    FunctionDescriptor.of(word, word, word, number, number, number, word));
            MethodHandle protect = linker.downcallHandle(linker.defaultLookup().findOrThrow("mprotect"),
                    FunctionDescriptor.of(number, word, word, number));
            long page = (long) map.invokeExact(0L, (long) PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS_LINUX, -1, 0L);
            if (page == -1) {
                return null;
            }
            MemorySegment code = MemorySegment.ofAddress(page).reinterpret(PAGE);
            MemorySegment.copy(CODE, 0, code, ValueLayout.JAVA_BYTE, 0, CODE.length);
            if ((int) protect.invokeExact(page, (long) PAGE, PROT_READ | PROT_EXEC) != 0) {
                return null;
            }
            return linker.downcallHandle(code, FunctionDescriptor.of(number, word, word), Linker.Option.critical(false));
        } catch (Throwable refused) {
            System.getLogger("org.viridian.engine.software").log(System.Logger.Level.DEBUG, "no host stub for CMPXCHG16B", refused);
            return null;
        }
    }
}
