package org.viridian.engine.software.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.viridian.engine.software.fpu.Differential;
import org.viridian.engine.software.fpu.NativeCpu;

/** Every row of the SIMD table against the host's processor, in register and memory forms. */
class SimdDifferentialTest {
    private static final int[] PREFIX = {0, 0x66, 0xF3, 0xF2};
    private static final List<Integer> IMMEDIATE = List.of(0x70, 0x71, 0x72, 0x73, 0xC2, 0xC4, 0xC5, 0xC6);

    @Test
    void everyInstructionDoesWhatTheHostDoes() {
        assumeTrue(NativeCpu.available("sse4_2", "ssse3", "aes", "pclmulqdq", "sha_ni"), "needs an x86-64 Linux host with SSE4.2, AES, PCLMULQDQ and SHA");
        try (Differential d = new Differential(42)) {
            run(d, 3, 12);
            assertEquals(List.of(), d.differences());
            assertTrue(d.runs() > 30_000, "only " + d.runs() + " comparisons");
        }
    }

    static void run(Differential d, int encodings, int rounds) {
        Random random = new Random(1);
        for (int prefix = 0; prefix < 4; prefix++) {
            for (int map = 1; map < 4; map++) {
                for (int opcode = 0; opcode < 256; opcode++) {
                    if (SimdTable.find(prefix, map, opcode) == null || map == 1 && (opcode == 0x52 || opcode == 0x53)) {
                        // The approximations of RCP and RSQRT differ between processors.
                        continue;
                    }
                    for (int memory = 0; memory < 2; memory++) {
                        for (int i = 0; i < encodings; i++) {
                            one(d, random, prefix, map, opcode, memory == 1, rounds);
                        }
                    }
                }
            }
        }
    }

    private static void one(Differential d, Random random, int prefix, int map, int opcode, boolean memory, int rounds) {
        boolean general = map == 1 && List.of(0x2C, 0x2D, 0x6E, 0x7E, 0x50, 0xC4, 0xC5, 0xD7, 0x2A).contains(opcode)
                || map == 3 && (opcode >= 0x14 && opcode <= 0x17 || opcode == 0x20 || opcode == 0x22);
        int rex = random.nextBoolean() ? 0x40 | random.nextInt(general ? 2 : 16) * (general ? 8 : 1) & 0xF : 0;
        if (memory) {
            rex &= 0x4C;
        }
        int reg = general ? random.nextInt(3) : random.nextInt(8);
        int rm = general ? random.nextInt(3) : random.nextInt(8);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        if (PREFIX[prefix] != 0) {
            out.write(PREFIX[prefix]);
        }
        if (rex >= 0x40) {
            out.write(rex);
        }
        out.write(0x0F);
        if (map > 1) {
            out.write(map == 2 ? 0x38 : 0x3A);
        }
        out.write(opcode);
        if (map == 1 && opcode == 0x77) {
            if (memory) {
                return;
            }
        } else {
            out.write(memory ? reg << 3 | 3 : 0xC0 | reg << 3 | rm);
        }
        if (map == 3 || map == 1 && IMMEDIATE.contains(opcode)) {
            out.write(random.nextInt(256) & (random.nextBoolean() ? 0xFF : 0x1F));
        }
        byte[] bytes = out.toByteArray();
        if (!d.known(bytes)) {
            return;
        }
        String name = "%s%d.%02x".formatted(new String[] {"np", "66", "f3", "f2"}[prefix], map, opcode);
        d.compare(name, bytes, Differential.Values.BITS, rounds, 0x8D5);
        d.compare(name, bytes, Differential.Values.FLOATING, rounds, 0x8D5);
    }

    /** For hunting by hand: seed, encodings and rounds. */
    public static void main(String[] args) {
        try (Differential d = new Differential(Long.parseLong(args[0]))) {
            long began = System.nanoTime();
            run(d, Integer.parseInt(args[1]), Integer.parseInt(args[2]));
            d.differences().forEach(System.out::println);
            System.out.println(d.runs() + " comparisons, " + d.differences().size() + " differences, " + (System.nanoTime() - began) / 1_000_000 + " ms");
        }
    }
}
