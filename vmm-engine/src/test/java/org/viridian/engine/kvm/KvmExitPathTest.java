package org.viridian.engine.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.viridian.engine.bus.MsrFault;
import org.viridian.engine.processor.ProcessorBus;
import org.viridian.engine.processor.VirtualProcessor.Outcome;

/** What an exit costs the Java heap: nothing. */
@Tag("kvm")
class KvmExitPathTest {
    private static final int WARM_UP = 2000;
    private static final int ROUNDS = 4000;
    private static final int EXITS_A_ROUND = 4;
    /** Class loading or a compiled method's first call may cost something once; an object an exit would be 16 bytes each. */
    private static final long SLACK = 4096;

    @BeforeEach
    void needsKvm() {
        try {
            KvmDevice.open().close();
        } catch (KvmUnavailableException unavailable) {
            Assumptions.abort(unavailable.getMessage());
        }
    }

    @Test
    void exitsAllocateNothing() throws Exception {
        try (GuestBench bench = new GuestBench()) {
            // out, in, MMIO store, WRMSR, and again.
            Code code = new Code(GuestBench.CODE).mov(Code.EBX, 0xD000_0000).mov(Code.ECX, 0x40000083);
            int loop = code.here();
            code.out(0xE8).raw(0xE4, 0xE9).raw(0x89, 0x03).mov(Code.EDX, 0).raw(0x0F, 0x30).raw(0xEB, loop - (code.here() + 2));
            bench.program(code);
            Counting bus = new Counting(bench);
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

            bus.until = WARM_UP;
            assertEquals(Outcome.KICKED, bench.processor.run(bus));
            bus.until = WARM_UP + ROUNDS;
            long before = threads.getCurrentThreadAllocatedBytes();
            assertEquals(Outcome.KICKED, bench.processor.run(bus));
            long bytes = threads.getCurrentThreadAllocatedBytes() - before;

            assertEquals(WARM_UP + ROUNDS, bus.rounds);
            assertTrue(bytes < SLACK, bytes + " bytes for " + ROUNDS * EXITS_A_ROUND + " exits");
        }
    }

    private static final class Counting implements ProcessorBus {
        private final GuestBench bench;
        private int rounds;
        private int until;

        Counting(GuestBench bench) {
            this.bench = bench;
        }

        @Override
        public int readPort(int port, int size) {
            return 0;
        }

        @Override
        public void writePort(int port, int size, int value) {
            if (++rounds == until) {
                bench.processor.kick();
            }
        }

        @Override
        public long readMmio(long address, int size) {
            return 0;
        }

        @Override
        public void writeMmio(long address, int size, long value) {
            // Counted with its round.
        }

        @Override
        public long readMsr(int msr) throws MsrFault {
            throw MsrFault.INSTANCE;
        }

        @Override
        public void writeMsr(int msr, long value) {
            // Counted with its round.
        }
    }
}
