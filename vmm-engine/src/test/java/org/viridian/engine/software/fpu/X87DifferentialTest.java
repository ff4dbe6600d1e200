package org.viridian.engine.software.fpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** x87 instructions against the host's processor: all encodings but the transcendental functions, exceptions masked and unmasked. */
class X87DifferentialTest {
    @Test
    void everyInstructionDoesWhatTheHostDoes() {
        assumeTrue(NativeCpu.available("fpu") && NativeCpu.amd(), "needs an AMD x86-64 Linux host: what the architecture leaves undefined follows AMD");
        try (Differential d = new Differential(7)) {
            run(d, 50);
            assertEquals(List.of(), d.differences());
            assertTrue(d.runs() > 20_000, "only " + d.runs() + " comparisons");
        }
    }

    @Test
    void transcendentalFunctionsAgreeWithTheHostWithinOneUnitInTheLastPlace() {
        assumeTrue(NativeCpu.available("fpu") && NativeCpu.amd(), "needs an AMD x86-64 Linux host: answers outside the ranges of functions follow AMD");
        try (Differential d = new Differential(9)) {
            functions(d, 500);
            assertEquals(List.of(), d.differences());
        }
    }

    private static void functions(Differential d, int rounds) {
        d.tolerate(1);
        d.unmask();
        for (int modrm : new int[] {0xF0, 0xF1, 0xF2, 0xF3, 0xF9, 0xFB, 0xFE, 0xFF}) {
            for (int i = 0; i < 10; i++) {
                d.compare("fn", new byte[] {(byte) 0xD9, (byte) modrm}, Differential.Values.BITS, rounds / 10, 0x8D5);
            }
        }
    }

    private static boolean transcendental(int opcode, int modrm) {
        return opcode == 0xD9 && (modrm >= 0xF0 && modrm <= 0xF3 || modrm == 0xF9 || modrm == 0xFB || modrm >= 0xFE);
    }

    /** The undocumented FSTP, whose stack faults follow no rule. */
    private static boolean undocumented(int opcode, int modrm) {
        return opcode == 0xD9 && modrm >= 0xD8 && modrm <= 0xDF;
    }

    /** FLDCW, FLDENV, FRSTOR would unmask exceptions; FNSTENV and FNSAVE store pointers that are not compared. */
    private static boolean environment(int opcode, int group) {
        return opcode == 0xD9 && (group == 4 || group == 5 || group == 6) || opcode == 0xDD && (group == 4 || group == 6);
    }

    static void run(Differential d, int rounds) {
        d.unmask();
        for (int opcode = 0xD8; opcode <= 0xDF; opcode++) {
            for (int group = 0; group < 8; group++) {
                byte[] bytes = {(byte) opcode, (byte) (group << 3 | 3)};
                if (!environment(opcode, group) && d.known(bytes)) {
                    d.compare("mem", bytes, Differential.Values.BITS, rounds, 0x8D5);
                    d.compare("mem", bytes, Differential.Values.FLOATING, rounds * 2, 0x8D5);
                }
            }
            for (int modrm = 0xC0; modrm < 0x100; modrm++) {
                byte[] bytes = {(byte) opcode, (byte) modrm};
                if (!transcendental(opcode, modrm) && !undocumented(opcode, modrm) && d.known(bytes)) {
                    d.compare("reg", bytes, Differential.Values.BITS, rounds, 0x8D5);
                }
            }
        }
    }

    /** For hunting by hand: seed and rounds. */
    public static void main(String[] args) {
        try (Differential d = new Differential(Long.parseLong(args[0]))) {
            if (args.length > 2) {
                functions(d, Integer.parseInt(args[1]));
            } else {
                run(d, Integer.parseInt(args[1]));
            }
            d.differences().forEach(System.out::println);
            System.out.println(d.runs() + " comparisons, " + d.differences().size() + " differences");
        }
    }
}
