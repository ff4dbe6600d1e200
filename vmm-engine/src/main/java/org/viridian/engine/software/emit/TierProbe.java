package org.viridian.engine.software.emit;

import com.sun.jna.Platform;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;
import java.util.Optional;

/** Finds out once whether this process may run code that it has written. */
public final class TierProbe {
    private static final int ANSWER = 0x5AFE_C0DE;
    private static final int CARRYLESS = 1 << 1;
    private static final int AES = 1 << 25;
    /** SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT: what translated code uses without asking again. */
    private static final int NEEDED = 1 | 1 << 9 | 1 << 13 | 1 << 19 | 1 << 20 | 1 << 23;
    private static final int LAHF = 1;
    private static int features;
    private static final Optional<String> REFUSAL = probe();

    private TierProbe() {}

    /** Why tier 1 cannot run here, in a few words, or empty when it can. */
    public static Optional<String> refusal() {
        return REFUSAL;
    }

    /** The host has AES-NI. */
    static boolean aes() {
        return (features & AES) != 0;
    }

    /** The host has PCLMULQDQ. */
    static boolean carryless() {
        return (features & CARRYLESS) != 0;
    }

    private static Optional<String> probe() {
        String arch = System.getProperty("os.arch");
        if (!arch.equals("amd64") && !arch.equals("x86_64")) {
            return Optional.of("there is no translator for " + arch);
        }
        if (!Platform.isLinux()) {
            return Optional.of("there is no translator for " + System.getProperty("os.name"));
        }
        try {
            ExecutableMemory memory = ExecutableMemory.allocate(4096);
            Assembler a = new Assembler();
            a.movImm32(Assembler.RAX, ANSWER);
            a.b(0xC3);
            int cpuid = a.position();
            // push rbx; mov eax, edi; xor ecx, ecx; cpuid; mov eax, ecx; pop rbx; ret
            a.b(0x53);
            a.rr(false, 0x8B, Assembler.RAX, Assembler.RDI);
            a.rr(false, 0x33, Assembler.RCX, Assembler.RCX);
            a.b(0x0F, 0xA2);
            a.rr(false, 0x8B, Assembler.RAX, Assembler.RCX);
            a.b(0x5B, 0xC3);
            memory.write(0, a.bytes(), a.position());
            int answer = (int) Linker.nativeLinker().downcallHandle(MemorySegment.ofAddress(memory.executable()),
                    FunctionDescriptor.of(ValueLayout.JAVA_INT)).invokeExact();
            if (answer != ANSWER) {
                return Optional.of("code that this process has written does not run as written");
            }
            MethodHandle identify = Linker.nativeLinker().downcallHandle(MemorySegment.ofAddress(memory.executable() + cpuid),
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
            features = (int) identify.invokeExact(1);
            int extended = (int) identify.invokeExact(0x8000_0001);
            Reference.reachabilityFence(memory);
            return (features & NEEDED) == NEEDED && (extended & LAHF) != 0 ? Optional.empty()
                    : Optional.of("the processor has not all of x86-64-v2");
        } catch (UnsupportedOperationException refused) {
            return Optional.of(refused.getMessage());
        } catch (Throwable failed) {
            return Optional.of("calling code that this process has written failed: " + failed);
        }
    }
}
