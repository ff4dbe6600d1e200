package org.viridian.engine.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.viridian.engine.bus.MsrFault;
import org.viridian.engine.processor.ProcessorBus;
import org.viridian.engine.processor.VirtualProcessor.Outcome;

/**
 * The round trip of a port exit as a ratio to the same loop in C, {@code tests/rig/port-exit.c}, both in one run. The C
 * program is built here, or named by {@code viridian.kvm.portexit} where there is no compiler.
 */
@Tag("kvm")
class KvmExitCostTest {
    private static final int EXITS = Integer.getInteger("viridian.kvm.exits", 20_000);
    /** The best pass counts: another process may have had the processor during the others. */
    private static final int PASSES = 10;
    /** It was 2.3 in the rig, where the JVM's own code is emulated as well; more than this is a mistake and no noise. */
    private static final double MOST = 6;

    @BeforeEach
    void needsKvm() {
        try {
            KvmDevice.open().close();
        } catch (KvmUnavailableException unavailable) {
            Assumptions.abort(unavailable.getMessage());
        }
    }

    @Test
    void aPortExitCostsLittleMoreThanInC(@TempDir Path folder) throws Exception {
        Path program = program(folder);
        double c = yardstick(program);
        double java = engine();
        c = Math.min(c, yardstick(program));

        System.out.printf("figure: port exit %.0f ns, the same loop in C %.0f ns, ratio %.2f%n", java, c, java / c);
        assertTrue(java < c * MOST, "%.0f ns against %.0f ns in C".formatted(java, c));
    }

    private static double engine() throws Exception {
        try (GuestBench bench = new GuestBench()) {
            bench.program(new Code(GuestBench.CODE).out(0xE8).raw(0xEB, 0xFC));
            Counter bus = new Counter(bench);
            double best = Double.MAX_VALUE;
            for (int pass = 0; pass < PASSES; pass++) {
                bus.left = EXITS;
                long start = System.nanoTime();
                assertEquals(Outcome.KICKED, bench.processor.run(bus));
                best = Math.min(best, (double) (System.nanoTime() - start) / EXITS);
            }
            return best;
        }
    }

    private static double yardstick(Path program) throws IOException, InterruptedException {
        Process run = new ProcessBuilder(program.toString(), Integer.toString(EXITS), Integer.toString(PASSES))
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String output = new String(run.getInputStream().readAllBytes()).strip();
        assertEquals(0, run.waitFor(), output);
        return Double.parseDouble(output);
    }

    private static Path program(Path folder) throws IOException, InterruptedException {
        String ready = System.getProperty("viridian.kvm.portexit");
        if (ready != null) {
            Assumptions.assumeTrue(Files.isExecutable(Path.of(ready)), "the C program was not built: no C compiler");
            return Path.of(ready);
        }
        Path program = folder.resolve("port-exit");
        for (String compiler : List.of("cc", "gcc", "clang")) {
            try {
                Process build = new ProcessBuilder(compiler, "-O2", "-o", program.toString(), "../tests/rig/port-exit.c")
                        .inheritIO().start();
                assertEquals(0, build.waitFor(), compiler + " refused port-exit.c");
                return program;
            } catch (IOException missing) {
                // The next.
            }
        }
        return Assumptions.abort("there is no C compiler to build the loop to compare with");
    }

    private static final class Counter implements ProcessorBus {
        private final GuestBench bench;
        private int left;

        Counter(GuestBench bench) {
            this.bench = bench;
        }

        @Override
        public void writePort(int port, int size, int value) {
            if (--left == 0) {
                bench.processor.kick();
            }
        }

        @Override
        public int readPort(int port, int size) {
            throw new AssertionError("not in this guest");
        }

        @Override
        public long readMmio(long address, int size) {
            throw new AssertionError("not in this guest");
        }

        @Override
        public void writeMmio(long address, int size, long value) {
            throw new AssertionError("not in this guest");
        }

        @Override
        public long readMsr(int msr) throws MsrFault {
            throw MsrFault.INSTANCE;
        }

        @Override
        public void writeMsr(int msr, long value) throws MsrFault {
            throw MsrFault.INSTANCE;
        }
    }
}
