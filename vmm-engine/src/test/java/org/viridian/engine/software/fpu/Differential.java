package org.viridian.engine.software.fpu;

import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.MemoryRegion;
import org.viridian.engine.software.UserModeCpu;

/** Runs instructions on random states by {@link NativeCpu} and by the software CPU and reports every difference. */
public final class Differential implements AutoCloseable {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long RAM = 4 << 20;
    private static final long OPERAND = 0x10000;
    private static final int ARITHMETIC_FLAGS = 0x8D5;
    private static final double[] DOUBLES = {0, -0.0, 1, -1, 1.5, 2, 0.5, Math.PI, 1e-310, -1e-310, Double.MIN_VALUE, -Double.MIN_VALUE,
        Double.MIN_NORMAL, Double.MAX_VALUE, -Double.MAX_VALUE, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 2147483647, 2147483648.0,
        -2147483648.0, -2147483649.0, 2147483647.5, 9.2233720368547758e18, -9.2233720368547758e18, 1e300, 1e-300, 3.4e38, 1e-40, 1.1754943e-38, 0.1, 1e17};
    private static final float[] FLOATS = {0, -0f, 1, -1, 1.5f, 2, 0.5f, 1e-40f, -1e-40f, Float.MIN_VALUE, -Float.MIN_VALUE, Float.MIN_NORMAL,
        Float.MAX_VALUE, -Float.MAX_VALUE, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 2147483648f, -2147483648f, 2147483520f, 9.223372e18f, 0.1f, 16777216f};

    private final NativeCpu real = new NativeCpu();
    private final Arena arena = Arena.ofConfined();
    private final GuestMemory memory = new GuestMemory();
    private final UserModeCpu model;
    private final Random random;
    private long code = 0x100000;
    private final List<String> differences = new ArrayList<>();
    private long runs;
    private long ulps;
    private boolean unmask;

    /** Where the value of XMM registers and of memory comes from. */
    public enum Values { BITS, FLOATING }

    /** Makes both processors. */
    public Differential(long seed) {
        random = new Random(seed);
        memory.add(new MemoryRegion(0, arena.allocate(RAM, 4096), MemoryRegion.Kind.RAM));
        model = new UserModeCpu(memory);
    }

    @Override
    public void close() {
        arena.close();
    }

    /** Differences found, as readable text. */
    public List<String> differences() {
        return differences;
    }

    /** Instructions compared. */
    public long runs() {
        return runs;
    }

    private long doubleBits() {
        return switch (random.nextInt(8)) {
            case 0 -> 0x7FF0_0000_0000_0000L | random.nextLong();
            case 1 -> 0x7FF0_0000_0000_0000L | random.nextLong() & 0x8007_FFFF_FFFF_FFFFL;
            case 2 -> random.nextLong() & 0x800F_FFFF_FFFF_FFFFL;
            case 3 -> Double.doubleToRawLongBits((random.nextDouble() - 0.5) * 8);
            case 4 -> Double.doubleToRawLongBits(random.nextInt(2000) - 1000);
            case 5 -> random.nextLong();
            default -> Double.doubleToRawLongBits(DOUBLES[random.nextInt(DOUBLES.length)]);
        };
    }

    private int floatBits() {
        return switch (random.nextInt(8)) {
            case 0 -> 0x7F80_0000 | random.nextInt();
            case 1 -> 0x7F80_0000 | random.nextInt() & 0x803F_FFFF;
            case 2 -> random.nextInt() & 0x807F_FFFF;
            case 3 -> Float.floatToRawIntBits((random.nextFloat() - 0.5f) * 8);
            case 4 -> Float.floatToRawIntBits(random.nextInt(2000) - 1000);
            case 5 -> random.nextInt();
            default -> Float.floatToRawIntBits(FLOATS[random.nextInt(FLOATS.length)]);
        };
    }

    private long bits() {
        return switch (random.nextInt(6)) {
            case 0 -> random.nextLong() & random.nextLong() & random.nextLong();
            case 1 -> random.nextLong() | random.nextLong() | random.nextLong();
            case 2 -> random.nextInt(70);
            case 3 -> (random.nextLong() & 0x0303_0303_0303_0303L) + 0x7E7E_7E7E_7E7E_7E7EL;
            default -> random.nextLong();
        };
    }

    private long value(Values values) {
        if (values == Values.BITS) {
            return bits();
        }
        return random.nextBoolean() ? doubleBits() : floatBits() & 0xFFFF_FFFFL | (long) floatBits() << 32;
    }

    private void extended(byte[] image, int at) {
        int e = switch (random.nextInt(8)) {
            case 0 -> 0;
            case 1 -> 0x7FFF;
            case 2 -> random.nextInt(0x8000);
            case 3 -> 1 + random.nextInt(80);
            case 4 -> 0x7FFE - random.nextInt(80);
            default -> 0x3FFF + random.nextInt(140) - 70;
        };
        long s = switch (random.nextInt(10)) {
            case 0 -> 1L << 63;
            case 1 -> -1L;
            case 2 -> 0xC000_0000_0000_0000L;
            case 3 -> random.nextInt(20) == 0 ? random.nextLong() : 1L << 63 | random.nextLong() << 40;
            case 4 -> (random.nextLong() | 1L << 63) << 11 >>> 0 | 1L << 63;
            case 5 -> e == 0 ? random.nextLong() >>> random.nextInt(64) : random.nextLong() | 1L << 63;
            case 6 -> e == 0 ? 0 : 1L << 63 | 1;
            default -> random.nextLong() | 1L << 63;
        };
        LONG.set(image, at, s);
        SHORT.set(image, at + 8, (short) (e | random.nextInt(2) << 15));
    }

    private byte[] image(Values values) {
        byte[] fx = new byte[512];
        int control = 0x7F;
        control |= random.nextInt(3) == 0 ? random.nextInt(4) << 10 : 0;
        control |= switch (random.nextInt(4)) {
            case 0 -> 0;
            case 1 -> 0x200;
            default -> 0x300;
        };
        int status = random.nextInt(0x10000) & 0x7F7F;
        if (unmask && random.nextInt(3) == 0) {
            // An x87 exception waits for the next x87 instruction, so that the comparison itself cannot fault.
            control &= ~0x3F | random.nextInt(64);
            status &= ~0x3F | control;
        }
        SHORT.set(fx, 0, (short) control);
        SHORT.set(fx, 2, (short) status);
        fx[4] = (byte) (random.nextInt(3) == 0 ? random.nextInt(256) : random.nextInt(4) == 0 ? 0 : 0xFF);
        int mxcsr = 0x1F80;
        if (random.nextInt(3) == 0) {
            mxcsr |= random.nextInt(0x10000) & 0xE07F;
        }
        if (random.nextInt(3) == 0) {
            mxcsr |= random.nextInt(64);
        }
        INT.set(fx, 24, mxcsr);
        for (int i = 0; i < 8; i++) {
            extended(fx, 32 + i * 16);
        }
        for (int i = 0; i < 32; i++) {
            LONG.set(fx, 160 + i * 8, value(values));
        }
        return fx;
    }

    private byte[] operand(Values values) {
        byte[] operand = new byte[NativeCpu.OPERAND_BYTES];
        for (int i = 0; i < 64; i += 8) {
            LONG.set(operand, i, value(values));
        }
        if (values == Values.FLOATING && random.nextInt(4) == 0) {
            extended(operand, 0);
        }
        return operand;
    }

    /** Whether the software CPU knows the instruction at all. */
    public boolean known(byte[] instruction) {
        place(instruction);
        byte[] fx = image(Values.BITS);
        FxState.load(model.cpu(), fx);
        for (int r = 0; r < 16; r++) {
            model.register(r, OPERAND);
        }
        return model.run(1).vector() != 6;
    }

    private void place(byte[] instruction) {
        memory.write(code, instruction);
        model.register(17, code);
    }

    /** Compares one instruction on {@code rounds} random states. RBX and RDI point to the operand. */
    public void compare(String name, byte[] instruction, Values values, int rounds, int flagMask) {
        code += 64;
        if (code + 4096 > RAM) {
            throw new IllegalStateException("code area is full");
        }
        real.instruction(instruction);
        for (int round = 0; round < rounds; round++) {
            byte[] fxBefore = image(values);
            byte[] fx = fxBefore.clone();
            byte[] operandBefore = operand(values);
            byte[] operand = operandBefore.clone();
            long[] registers = new long[16];
            for (int r = 0; r < 16; r++) {
                registers[r] = random.nextInt(3) == 0 ? random.nextInt(40) - 20 : bits();
            }
            long flags = random.nextInt(0x1000) & ARITHMETIC_FLAGS | 0x202;
            registers[3] = OPERAND;
            registers[7] = OPERAND;
            FxState.load(model.cpu(), fx);
            memory.write(OPERAND, operand);
            for (int r = 0; r < 16; r++) {
                model.register(r, registers[r]);
            }
            model.flags(flags);
            place(instruction);
            UserModeCpu.Stop stop = model.run(1);
            long[] before = registers.clone();
            long realFlags = real.run(fx, registers, flags, operand);
            runs++;
            String difference = difference(stop, fx, registers, realFlags, operand, flagMask);
            if (difference != null && differences.size() < 400) {
                differences.add(name + " " + HexFormat.of().formatHex(instruction) + ": " + difference + describe(fxBefore, before, operandBefore));
                break;
            }
        }
    }

    private static String describe(byte[] fx, long[] registers, byte[] operand) {
        StringBuilder out = new StringBuilder();
        out.append(String.format(" | FCW %04x FSW %04x FTW %02x MXCSR %04x ST", (short) SHORT.get(fx, 0), (short) SHORT.get(fx, 2), fx[4], (int) INT.get(fx, 24)));
        for (int i = 0; i < 3; i++) {
            out.append(String.format(" %04x:%016x", (short) SHORT.get(fx, 40 + i * 16), (long) LONG.get(fx, 32 + i * 16)));
        }
        out.append(" XMM");
        for (int i = 0; i < 8; i++) {
            out.append(String.format(" %016x", (long) LONG.get(fx, 160 + i * 8)));
        }
        out.append(String.format(" mem %016x %016x rax %x rcx %x rdx %x", (long) LONG.get(operand, 0), (long) LONG.get(operand, 8), registers[0], registers[1], registers[2]));
        return out.toString();
    }

    /** From now on some states have unmasked x87 exceptions. Only for x87 instructions: MMX would fault at once. */
    public void unmask() {
        unmask = true;
    }

    /** From now on lets x87 results differ by so many units in the last place, and C1 with them. */
    public void tolerate(long units) {
        ulps = units;
    }

    private boolean near(long a, int aExponent, long b, int bExponent) {
        if (aExponent == bExponent) {
            return Math.abs(a - b) <= ulps;
        }
        // Across a power of two.
        return ulps > 0 && (a == 1L << 63 && bExponent == aExponent - 1 && b >= -ulps && b < 0
                || b == 1L << 63 && aExponent == bExponent - 1 && a >= -ulps && a < 0);
    }

    private String difference(UserModeCpu.Stop stop, byte[] fx, long[] registers, long realFlags, byte[] operand, int flagMask) {
        if (stop.vector() != -1) {
            return "exception " + stop.vector();
        }
        byte[] mine = FxState.save(model.cpu());
        if ((((int) INT.get(mine, 0) ^ (int) INT.get(fx, 0)) & (ulps > 0 ? ~0x0200_0000 : -1)) != 0 || mine[4] != fx[4]) {
            return String.format("x87 head %016x, real %016x", (long) LONG.get(mine, 0) & 0xFF_FFFF_FFFFL, (long) LONG.get(fx, 0) & 0xFF_FFFF_FFFFL);
        }
        if ((int) INT.get(mine, 24) != (int) INT.get(fx, 24)) {
            return String.format("MXCSR %04x, real %04x", (int) INT.get(mine, 24), (int) INT.get(fx, 24));
        }
        for (int i = 0; i < 8; i++) {
            if (!near((long) LONG.get(mine, 32 + i * 16), (short) SHORT.get(mine, 40 + i * 16), (long) LONG.get(fx, 32 + i * 16), (short) SHORT.get(fx, 40 + i * 16))) {
                return String.format("ST%d %04x:%016x, real %04x:%016x", i, (short) SHORT.get(mine, 40 + i * 16), (long) LONG.get(mine, 32 + i * 16),
                        (short) SHORT.get(fx, 40 + i * 16), (long) LONG.get(fx, 32 + i * 16));
            }
        }
        for (int i = 0; i < 32; i++) {
            if ((long) LONG.get(mine, 160 + i * 8) != (long) LONG.get(fx, 160 + i * 8)) {
                return String.format("XMM%d.%d %016x, real %016x", i / 2, i % 2, (long) LONG.get(mine, 160 + i * 8), (long) LONG.get(fx, 160 + i * 8));
            }
        }
        for (int r : new int[] {0, 1, 2, 6, 8}) {
            if (model.register(r) != registers[r]) {
                return String.format("register %d %016x, real %016x", r, model.register(r), registers[r]);
            }
        }
        if (((model.flags() ^ realFlags) & flagMask) != 0) {
            return String.format("flags %x, real %x", model.flags() & ARITHMETIC_FLAGS, realFlags & ARITHMETIC_FLAGS);
        }
        byte[] stored = new byte[operand.length];
        memory.read(OPERAND, stored, 0, stored.length);
        int at = Arrays.mismatch(stored, operand);
        return at < 0 ? null : String.format("memory +%d %s, real %s", at, HexFormat.of().formatHex(stored, 0, 32), HexFormat.of().formatHex(operand, 0, 32));
    }
}
