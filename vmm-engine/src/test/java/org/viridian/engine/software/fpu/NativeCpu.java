package org.viridian.engine.software.fpu;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * Executes one instruction on the host's own processor, for comparison. All floating-point exceptions must be masked in
 * the state that is given, memory operands must lie in the operand area, and the host must know the instruction: a fault
 * in it would end the JVM.
 */
public final class NativeCpu {
    private static final int HOST = 0x1000;
    private static final int FX = 0x2000;
    private static final int REGISTERS = 0x2200;
    private static final int FLAGS = 0x2280;
    private static final int OPERAND = 0x2400;
    private static final int SIZE = 0x4000;
    /** Bytes of the operand area. */
    public static final int OPERAND_BYTES = 1024;
    /** RAX RCX RDX RBX - RBP RSI RDI R8: the registers that are loaded, RSP and RBP apart. */
    private static final int[] LOADED = {0, 1, 2, 3, 6, 7, 8};

    private final MemorySegment area;
    private final MethodHandle call;
    private final int slot;

    /** Maps the code. */
    public NativeCpu() {
        try {
            Linker linker = Linker.nativeLinker();
            MethodHandle mmap = linker.downcallHandle(linker.defaultLookup().find("mmap").orElseThrow(), FunctionDescriptor.of(ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));
            long address = (long) mmap.invokeExact(0L, (long) SIZE, 7, 0x22, -1, 0L);
            if (address == -1) {
                throw new IllegalStateException("no executable memory");
            }
            area = MemorySegment.ofAddress(address).reinterpret(SIZE);
            byte[] before = code(true);
            byte[] after = code(false);
            slot = before.length;
            write(0, before);
            write(slot, nops());
            write(slot + 16, after);
            call = linker.downcallHandle(area, FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG));
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /** Whether this host can run such code and has these features of /proc/cpuinfo. */
    public static boolean available(String... features) {
        if (!System.getProperty("os.arch").equals("amd64") || !System.getProperty("os.name").equals("Linux")) {
            return false;
        }
        try {
            String line = Files.readAllLines(Path.of("/proc/cpuinfo")).stream().filter(l -> l.startsWith("flags")).findFirst().orElse("");
            return List.of(line.split("\\s+")).containsAll(List.of(features));
        } catch (IOException e) {
            return false;
        }
    }

    /** Whether the host's processor is made by AMD. */
    public static boolean amd() {
        try {
            return Files.readString(Path.of("/proc/cpuinfo")).contains("AuthenticAMD");
        } catch (IOException e) {
            return false;
        }
    }

    private static byte[] nops() {
        byte[] nops = new byte[16];
        Arrays.fill(nops, (byte) 0x90);
        return nops;
    }

    private static byte[] code(boolean entry) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        if (entry) {
            hex(out, "53 55 41 54 41 55 41 56 41 57 49 89 FF");
            fx(out, 0, HOST);
            fx(out, 1, FX);
            moves(out, 0x8B);
            hex(out, "41 FF B7");
            displacement(out, FLAGS);
            hex(out, "9D");
        } else {
            hex(out, "9C 41 8F 87");
            displacement(out, FLAGS);
            moves(out, 0x89);
            fx(out, 0, FX);
            fx(out, 1, HOST);
            hex(out, "FC 41 5F 41 5E 41 5D 41 5C 5D 5B C3");
        }
        return out.toByteArray();
    }

    private static void moves(ByteArrayOutputStream out, int opcode) {
        for (int r : LOADED) {
            out.write(0x49 | (r & 8) >> 1);
            out.write(opcode);
            out.write(0x87 | (r & 7) << 3);
            displacement(out, REGISTERS + r * 8);
        }
    }

    private static void fx(ByteArrayOutputStream out, int op, int at) {
        hex(out, "49 0F AE");
        out.write(0x87 | op << 3);
        displacement(out, at);
    }

    private static void displacement(ByteArrayOutputStream out, int value) {
        for (int i = 0; i < 32; i += 8) {
            out.write(value >>> i);
        }
    }

    private static void hex(ByteArrayOutputStream out, String bytes) {
        out.writeBytes(HexFormat.ofDelimiter(" ").parseHex(bytes));
    }

    private void write(int at, byte[] bytes) {
        MemorySegment.copy(bytes, 0, area, ValueLayout.JAVA_BYTE, at, bytes.length);
    }

    /** Address of the operand area: what RBX and RDI hold while the instruction runs. */
    public long operandAddress() {
        return area.address() + OPERAND;
    }

    /** Sets the instruction: at most 15 bytes. */
    public void instruction(byte[] bytes) {
        write(slot, nops());
        write(slot, bytes);
    }

    /**
     * Executes the instruction.
     *
     * @param fx FXSAVE64 image, in and out
     * @param registers RAX RCX RDX RBX - - RSI RDI R8 by number, in and out; RBX and RDI come out as they went in
     * @param operand operand area, in and out
     * @return RFLAGS
     */
    public long run(byte[] fx, long[] registers, long flags, byte[] operand) {
        write(FX, fx);
        for (int r : LOADED) {
            boolean pointer = r == 3 || r == 7;
            area.set(ValueLayout.JAVA_LONG, REGISTERS + r * 8L, pointer ? operandAddress() : registers[r]);
        }
        area.set(ValueLayout.JAVA_LONG, FLAGS, flags);
        write(OPERAND, operand);
        try {
            call.invokeExact(area.address());
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
        MemorySegment.copy(area, ValueLayout.JAVA_BYTE, FX, fx, 0, 512);
        for (int r : LOADED) {
            if (r != 3 && r != 7) {
                registers[r] = area.get(ValueLayout.JAVA_LONG, REGISTERS + r * 8L);
            }
        }
        MemorySegment.copy(area, ValueLayout.JAVA_BYTE, OPERAND, operand, 0, operand.length);
        return area.get(ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN), FLAGS);
    }
}
