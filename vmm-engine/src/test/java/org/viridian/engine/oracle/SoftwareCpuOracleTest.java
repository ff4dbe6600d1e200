package org.viridian.engine.oracle;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.MemoryRegion;
import org.viridian.engine.software.UserModeCpu;
import org.viridian.engine.software.emit.TierProbe;

/**
 * The software CPU against the real one, on random integer instructions. {@code -Dviridian.oracle.count=N} draws more,
 * {@code -Dviridian.oracle.seed=S} others; the seed is printed.
 */
class SoftwareCpuOracleTest {
    private static final int COUNT = Integer.getInteger("viridian.oracle.count", 30_000);
    private static final long SEED = Long.getLong("viridian.oracle.seed", System.nanoTime());
    private static final int BATCH = 1000;
    private static final int RIP = 17;
    private static final int BREAKPOINT = 3;
    private static final int PAGE_FAULT = 14;
    private static final int FLAGS = 0xCD5;
    private static final int SHOWN = 40;

    private final GuestMemory memory = new GuestMemory();

    @ParameterizedTest(name = "translated: {0}")
    @ValueSource(booleans = {false, true})
    void integerInstructionsAgreeWithTheProcessor(boolean translate) throws Exception {
        Assumptions.assumeTrue(!translate || TierProbe.refusal().isEmpty(), () -> TierProbe.refusal().orElseThrow());
        Optional<ProcessOracle> started = ProcessOracle.start();
        Assumptions.assumeTrue(started.isPresent(), "the oracle needs Linux on x86-64");
        System.out.println("oracle seed " + SEED);
        Map<String, Integer> forms = new LinkedHashMap<>();
        List<String> differences = new ArrayList<>();
        try (Arena arena = Arena.ofConfined(); ProcessOracle oracle = started.get()) {
            memory.add(new MemoryRegion(Oracle.CODE & ~0xFFF, arena.allocate(0x2000, 4096), MemoryRegion.Kind.RAM));
            memory.add(new MemoryRegion(Oracle.DATA, arena.allocate(Oracle.DATA_BYTES, 4096), MemoryRegion.Kind.RAM));
            UserModeCpu model = new UserModeCpu(memory, translate);
            IntegerCases cases = new IntegerCases(SEED);
            for (int done = 0; done < COUNT; done += BATCH) {
                List<IntegerCases.Drawn> drawn = new ArrayList<>();
                for (int i = 0; i < BATCH; i++) {
                    drawn.add(cases.next());
                }
                List<OracleResult> real = oracle.run(drawn.stream().map(IntegerCases.Drawn::input).toList());
                for (int i = 0; i < BATCH; i++) {
                    String difference = compare(model, drawn.get(i), real.get(i));
                    if (difference != null && forms.merge(drawn.get(i).what(), 1, Integer::sum) <= 3) {
                        differences.add(difference);
                    }
                }
            }
        }
        assertEquals(Map.of(), forms, () -> "seed " + SEED + "\n"
                + String.join("\n", differences.subList(0, Math.min(SHOWN, differences.size()))));
    }

    private String compare(UserModeCpu model, IntegerCases.Drawn drawn, OracleResult real) {
        OracleCase input = drawn.input();
        byte[] code = Arrays.copyOf(input.code(), Oracle.CODE_BYTES + 4);
        Arrays.fill(code, input.code().length, code.length, (byte) 0xCC);
        memory.write(Oracle.CODE, code);
        memory.write(Oracle.DATA + Oracle.WINDOW_1, input.memory(), 0, Oracle.WINDOW_1_BYTES);
        memory.write(Oracle.DATA + Oracle.WINDOW_2, input.memory(), Oracle.WINDOW_1_BYTES, Oracle.WINDOW_2_BYTES);
        for (int i = 0; i < 16; i++) {
            model.register(i, input.gpr()[i]);
        }
        model.register(RIP, Oracle.CODE);
        model.flags(input.rflags());
        UserModeCpu.Stop stop = model.run(1000);

        StringBuilder text = new StringBuilder();
        int vector = stop.vector();
        note(text, "vector", vector, real.vector());
        if (vector == PAGE_FAULT && real.vector() == PAGE_FAULT) {
            // Elsewhere the process has pages of its own and the kernel's, so that the real fault may say "present".
            int known = modelled(real.address()) ? -1 : ~1;
            note(text, "error", stop.error() & known, real.error() & known);
            note(text, "address", stop.address(), real.address());
        }
        // The processor reports INT3 behind it, the model at it or behind.
        long rip = model.register(RIP);
        long realRip = real.vector() == BREAKPOINT && rip == real.rip() - 1 ? real.rip() - 1 : real.rip();
        note(text, "rip", rip, realRip);
        for (int i = 0; i < 16; i++) {
            // A CMPXCHG of 32 bits that does not exchange: whether the destination's upper half is cleared differs between vendors.
            boolean open = drawn.what().equals("cmpxchg") && (int) model.register(i) == (int) real.gpr()[i];
            note(text, "r" + i, model.register(i), open ? model.register(i) : real.gpr()[i]);
        }
        int compared = FLAGS & ~drawn.undefined();
        if (real.vector() == 0) {
            // A divide error: none of the flags is defined behind it.
            compared &= ~0x8D5;
        }
        note(text, "flags", model.flags() & compared, real.rflags() & compared);
        byte[] after = new byte[Oracle.MEMORY_BYTES];
        memory.read(Oracle.DATA + Oracle.WINDOW_1, after, 0, Oracle.WINDOW_1_BYTES);
        memory.read(Oracle.DATA + Oracle.WINDOW_2, after, Oracle.WINDOW_1_BYTES, Oracle.WINDOW_2_BYTES);
        int at = Arrays.mismatch(after, real.memory());
        if (at >= 0) {
            text.append(" memory+").append(Integer.toHexString(at)).append(' ').append(HexFormat.of().toHexDigits(after[at]))
                    .append(" real ").append(HexFormat.of().toHexDigits(real.memory()[at]));
        }
        if (text.isEmpty()) {
            return null;
        }
        StringBuilder registers = new StringBuilder();
        for (int i = 0; i < 16; i++) {
            registers.append(' ').append(Long.toHexString(input.gpr()[i]));
        }
        return "%s [%s] flags %x, registers%s:%s".formatted(drawn.what(), HexFormat.of().formatHex(input.code()), input.rflags(),
                registers, text);
    }

    private static boolean modelled(long address) {
        return address >= (Oracle.CODE & ~0xFFF) && address < (Oracle.CODE & ~0xFFF) + 0x2000
                || address >= Oracle.DATA && address < Oracle.DATA + Oracle.DATA_BYTES;
    }

    private static void note(StringBuilder text, String name, long model, long real) {
        if (model != real) {
            text.append(" %s %x real %x".formatted(name, model, real));
        }
    }
}
