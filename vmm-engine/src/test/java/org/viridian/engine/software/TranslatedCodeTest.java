package org.viridian.engine.software;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Assumptions;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.MemoryRegion;
import org.viridian.engine.software.emit.TierProbe;

/** Translated code against the interpreter on loops, on code that changes, and on random bytes. */
class TranslatedCodeTest {
    private static final long CODE = 0x10_0000;
    private static final long DATA = 0x20_0000;
    private static final int BYTES = 0x4000;
    private static final int STEPS = 3000;

    private final Arena arena = Arena.ofShared();
    private final GuestMemory memory = new GuestMemory();
    private UserModeCpu translated;

    @BeforeEach
    void make() {
        Assumptions.assumeTrue(TierProbe.refusal().isEmpty(), () -> TierProbe.refusal().orElseThrow());
        memory.add(new MemoryRegion(CODE, arena.allocate(BYTES, 4096), MemoryRegion.Kind.RAM));
        memory.add(new MemoryRegion(DATA, arena.allocate(BYTES, 4096), MemoryRegion.Kind.RAM));
        translated = new UserModeCpu(memory, true);
    }

    @AfterEach
    void free() {
        arena.close();
    }

    private UserModeCpu.Stop run(UserModeCpu cpu, String hex) {
        memory.write(CODE, HexFormat.of().parseHex(hex + "cc"));
        cpu.register(Cpu.RIP, CODE);
        cpu.register(4, DATA + 0x2000);
        return cpu.run(10_000_000);
    }

    @Test
    void aLoopRunsInTranslatedCodeAndCountsItsInstructions() {
        // mov ecx, 100000; xor eax, eax; again: add rax, rcx; dec ecx; jnz again
        UserModeCpu.Stop stop = run(translated, "b9a086010031c04801c8ffc975f9");
        assertEquals(CpuFault.BP, stop.vector());
        assertEquals(5_000_050_000L, translated.register(0));
        assertEquals(2 + 3 * 100_000, stop.instructions());
        assertTrue(translated.translations() > 0, "nothing was translated");
    }

    @Test
    void codeThatRewritesTheNextInstructionsSeesItsOwnWrite() {
        // mov byte [rip+2], 90h over the immediate of: mov al, 5
        UserModeCpu.Stop stop = run(translated, "c6050100000090b005");
        assertEquals(CpuFault.BP, stop.vector());
        assertEquals(0x90, translated.register(0) & 0xFF);
    }

    @Test
    void codeRewrittenByTheHostRunsAsRewritten() {
        for (int value = 1; value < 50; value++) {
            run(translated, "b8%02x000000".formatted(value));
            assertEquals(value, translated.register(0));
        }
    }

    @Test
    void aFullAreaIsEmptiedAndFilledAgain() {
        // Blocks of one jump each, in a chain over the page, rewritten again and again.
        for (int round = 0; round < 200; round++) {
            byte[] chain = new byte[4096];
            for (int at = 0; at + 8 < chain.length; at += 8) {
                chain[at] = (byte) 0x04;
                chain[at + 1] = (byte) round;
                chain[at + 2] = (byte) 0xEB;
                chain[at + 3] = 4;
            }
            chain[4088] = (byte) 0xCC;
            memory.write(CODE, chain);
            translated.register(Cpu.RIP, CODE);
            translated.register(0, 0);
            assertEquals(CpuFault.BP, translated.run(100_000).vector());
            assertEquals(511 * round & 0xFF, translated.register(0));
        }
        assertTrue(translated.emptied() > 0, "the area was never full");
    }

    @Test
    void randomBytesDoTheSameInBothTiersAndHarmNothing() {
        long seed = Long.getLong("viridian.fuzz.seed", System.nanoTime());
        int rounds = Integer.getInteger("viridian.fuzz.rounds", 1500);
        Random random = new Random(seed);
        byte[] data = new byte[BYTES];
        for (int round = 0; round < rounds; round++) {
            byte[] code = new byte[1024];
            random.nextBytes(code);
            random.nextBytes(data);
            long[] registers = new long[16];
            for (int i = 0; i < 16; i++) {
                registers[i] = random.nextInt(3) == 0 ? random.nextLong() : random.nextInt(4) == 0 ? CODE + random.nextInt(BYTES)
                        : DATA + random.nextInt(BYTES);
            }
            UserModeCpu plain = new UserModeCpu(memory);
            String expected = outcome(plain, code, data, registers);
            String actual = outcome(translated, code, data, registers);
            assertEquals(expected, actual, "seed " + seed + " round " + round);
        }
    }

    private String outcome(UserModeCpu cpu, byte[] code, byte[] data, long[] registers) {
        memory.write(CODE, code);
        memory.write(CODE + code.length, new byte[BYTES - code.length]);
        memory.write(DATA, data);
        for (int i = 0; i < 16; i++) {
            cpu.register(i, registers[i]);
        }
        cpu.flags(0x202);
        java.util.Arrays.fill(cpu.cpu().xmm, 0);
        cpu.cpu().mxcsr = 0x1F80;
        cpu.cpu().x87.reset();
        cpu.bases(0, 0);
        cpu.register(Cpu.RIP, CODE);
        UserModeCpu.Stop stop = cpu.run(STEPS);
        // Undefined flags differ between tiers, and what was computed from them; where it stopped and why must not.
        return stop.vector() + " " + stop.instructions() + " " + Long.toHexString(cpu.register(Cpu.RIP));
    }
}
