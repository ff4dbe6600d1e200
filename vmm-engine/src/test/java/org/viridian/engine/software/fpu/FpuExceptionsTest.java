package org.viridian.engine.software.fpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.MemoryRegion;
import org.viridian.engine.software.UserModeCpu;

/** When x87 and SSE instructions raise exceptions, and that they have no effect then; state images and environments. */
class FpuExceptionsTest {
    private static final int GP = 13;
    private static final int MF = 16;
    private static final int XM = 19;
    private static final long CODE = 0x4000;
    private static final long DATA = 0x8000;

    private final Arena arena = Arena.ofConfined();
    private final GuestMemory memory = new GuestMemory();
    private final UserModeCpu cpu;
    private long next = CODE;

    FpuExceptionsTest() {
        memory.add(new MemoryRegion(0, arena.allocate(0x10000, 4096), MemoryRegion.Kind.RAM));
        cpu = new UserModeCpu(memory);
        cpu.cpu().x87.initialise();
        cpu.cpu().mxcsr = 0x1F80;
        cpu.register(3, DATA);
    }

    @AfterEach
    void close() {
        arena.close();
    }

    /** Runs so many instructions; answers the vector or -1. */
    private int run(String hex, int instructions) {
        byte[] code = HexFormat.ofDelimiter(" ").parseHex(hex);
        memory.write(next, code);
        cpu.register(17, next);
        next += 64;
        return cpu.run(instructions).vector();
    }

    private void xmm(int register, double low, double high) {
        cpu.cpu().xmm[register * 2] = Double.doubleToRawLongBits(low);
        cpu.cpu().xmm[register * 2 + 1] = Double.doubleToRawLongBits(high);
    }

    @Test
    void unmaskedSseExceptionLeavesTheDestinationAndSetsTheFlag() {
        xmm(0, 1, 2);
        xmm(1, 0, 4);
        cpu.cpu().mxcsr = 0x1F80 & ~0x200;
        assertEquals(XM, run("66 0F 5E C1", 1));
        assertEquals(Double.doubleToRawLongBits(1), cpu.cpu().xmm[0]);
        assertEquals(Double.doubleToRawLongBits(2), cpu.cpu().xmm[1]);
        assertEquals(4, cpu.cpu().mxcsr & 0x3F, "only the flag of the exception before the result");
    }

    @Test
    void unmaskedInexactRaisesAfterRounding() {
        xmm(0, 1, 0);
        xmm(1, 3, 0);
        cpu.cpu().mxcsr = 0x1F80 & ~0x1000;
        assertEquals(XM, run("F2 0F 5E C1", 1));
        assertEquals(0x20, cpu.cpu().mxcsr & 0x3F);
        xmm(1, 4, 0);
        cpu.cpu().mxcsr = 0x1F80 & ~0x1000;
        assertEquals(-1, run("F2 0F 5E C1", 1));
        assertEquals(0.25, Double.longBitsToDouble(cpu.cpu().xmm[0]));
    }

    @Test
    void inexactFlagIsExactOnTheFastPath() {
        double[][] pairs = {{0.5, 0.25}, {1, 0x1p-52}, {1, 0x1p-53}, {3, 7}, {1e16, 1}, {0.1, 0.2}, {1, 3}, {9, 3}, {2, 0.1}};
        String[] op = {"58", "5C", "59", "5E"};
        for (double[] p : pairs) {
            for (int i = 0; i < 4; i++) {
                xmm(0, p[0], 0);
                xmm(1, p[1], 0);
                cpu.cpu().mxcsr = 0x1F80;
                assertEquals(-1, run("F2 0F " + op[i] + " C1", 1));
                var a = new java.math.BigDecimal(p[0]);
                var b = new java.math.BigDecimal(p[1]);
                var r = new java.math.BigDecimal(Double.longBitsToDouble(cpu.cpu().xmm[0]));
                boolean exact = switch (i) {
                    case 0 -> a.add(b).compareTo(r) == 0;
                    case 1 -> a.subtract(b).compareTo(r) == 0;
                    case 2 -> a.multiply(b).compareTo(r) == 0;
                    default -> r.multiply(b).compareTo(a) == 0;
                };
                assertEquals(exact ? 0 : 0x20, cpu.cpu().mxcsr & 0x3F, p[0] + " op" + i + " " + p[1]);
            }
        }
    }

    @Test
    void alignedFormsRaiseGeneralProtectionAndUnalignedOnesDoNot() {
        cpu.register(3, DATA + 8);
        assertEquals(GP, run("0F 28 03", 1));
        assertEquals(GP, run("66 0F 7F 03", 1));
        assertEquals(GP, run("66 0F FC 03", 1));
        assertEquals(-1, run("0F 10 03", 1));
        assertEquals(-1, run("F3 0F 7F 03", 1));
        assertEquals(-1, run("F2 0F 58 03", 1));
        assertEquals(GP, run("0F AE 03", 1));
    }

    @Test
    void unmaskedX87ExceptionWaitsForTheNextWaitingInstruction() {
        // fld1; fldz; with ZE unmasked: fdivp; fnstsw ax (does not wait); fwait.
        cpu.cpu().x87.setControlWord(0x37B);
        assertEquals(-1, run("D9 E8 D9 EE DE F9 DF E0", 4));
        assertEquals(0x8084, cpu.register(0) & 0x80BF);
        assertEquals(MF, run("9B", 1));
        assertEquals(MF, run("D9 E8", 1));
        assertEquals(MF, run("0F FC C1", 1), "MMX waits too");
        assertEquals(-1, run("DB E2", 1), "FNCLEX");
        assertEquals(-1, run("9B", 1));
        assertEquals(2, Integer.bitCount(cpu.cpu().x87.valid), "nothing was popped");
    }

    @Test
    void fxsaveAndFxrstorKeepEverything() {
        Random random = new Random(3);
        byte[] image = new byte[512];
        random.nextBytes(image);
        image[0] = 0x7F;
        image[1] = 3;
        image[2] = 0x41;
        image[3] = 0x38;
        image[5] = 0;
        image[7] &= 7;
        for (int i = 0; i < 8; i++) {
            java.util.Arrays.fill(image, 32 + i * 16 + 10, 32 + i * 16 + 16, (byte) 0);
        }
        java.util.Arrays.fill(image, 24, 32, (byte) 0);
        image[24] = (byte) 0xA0;
        image[25] = 0x1F;
        image[28] = (byte) 0xFF;
        image[29] = (byte) 0xFF;
        memory.write(DATA, image);
        cpu.register(6, DATA + 0x1000);
        assertEquals(-1, run("48 0F AE 0B DB E3 0F 57 C0 48 0F AE 0B 48 0F AE 06", 5));
        byte[] saved = new byte[464 - 48];
        memory.read(DATA + 0x1000, saved, 0, saved.length);
        assertArrayEquals(java.util.Arrays.copyOf(image, saved.length), saved);
        byte[] own = FxState.save(cpu.cpu());
        assertArrayEquals(saved, java.util.Arrays.copyOf(own, saved.length));
    }

    @Test
    void reservedControlBitsRaiseGeneralProtection() {
        memory.writeInt(DATA, 0x11F80);
        assertEquals(GP, run("0F AE 13", 1), "LDMXCSR");
        memory.writeInt(DATA + 24, 0x11F80);
        assertEquals(GP, run("0F AE 0B", 1), "FXRSTOR");
        assertEquals(0x1F80, cpu.cpu().mxcsr);
        memory.writeInt(DATA, 0x9FC0);
        assertEquals(-1, run("0F AE 13", 1));
        assertEquals(0x9FC0, cpu.cpu().mxcsr);
        byte[] image = new byte[512];
        image[26] = 1;
        assertThrows(IllegalArgumentException.class, () -> FxState.load(cpu.cpu(), image));
    }

    @Test
    void environmentAndFullStateComeBack() {
        // fldpi; fldz; fld1; fnstenv [rbx]; fninit; fldenv [rbx]
        assertEquals(-1, run("D9 EB D9 EE D9 E8 D9 33", 4));
        assertEquals(0xFFFF_037F, memory.readInt(DATA));
        assertEquals(5 << 11, memory.readInt(DATA + 4) & 0xFFFF);
        assertEquals(0x13FF, memory.readInt(DATA + 8) & 0xFFFF, "1 valid, zero, pi valid, five empty");
        assertEquals(-1, run("DB E3 D9 23", 2));
        assertEquals(5, cpu.cpu().x87.top);
        assertEquals(0xE0, cpu.cpu().x87.valid);
        assertEquals(-1, run("DD 33", 1), "FNSAVE");
        assertEquals(0, cpu.cpu().x87.valid);
        assertEquals(0x3FFF, memory.readShort(DATA + 28 + 8));
        assertEquals(-1, run("DD 23", 1), "FRSTOR");
        assertEquals(0xE0, cpu.cpu().x87.valid);
        assertEquals(0x4000, cpu.cpu().x87.exponent[7]);
    }

    @Test
    void probingAtBootSeesAnFpu() {
        // fninit; fnstsw [rbx]; fnstcw [rbx+4]
        memory.writeInt(DATA, -1);
        memory.writeInt(DATA + 4, -1);
        assertEquals(-1, run("DB E3 DD 3B D9 7B 04", 3));
        assertEquals(0, memory.readShort(DATA));
        assertEquals(0x37F, memory.readShort(DATA + 4));
    }
}
