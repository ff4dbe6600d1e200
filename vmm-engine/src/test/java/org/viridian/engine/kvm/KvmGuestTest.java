package org.viridian.engine.kvm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.viridian.engine.memory.HostPages;
import org.viridian.engine.memory.MemoryRegion;
import org.viridian.engine.processor.ProcessorState;
import org.viridian.engine.processor.VirtualProcessor.Outcome;

/** Exits, interrupts and state on a real KVM. Where there is none, {@code tests/rig/kvm-tests} runs these. */
@Tag("kvm")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KvmGuestTest {
    private static final int LOCAL_APIC = 0xFEE0_0000;
    private static final int SPURIOUS_VECTOR = LOCAL_APIC + 0xF0;
    private static final int END_OF_INTERRUPT = LOCAL_APIC + 0xB0;

    @BeforeEach
    void needsKvm() {
        try {
            KvmDevice.open().close();
        } catch (KvmUnavailableException unavailable) {
            Assumptions.abort(unavailable.getMessage());
        }
    }

    @Test
    void portAccessesOfEveryWidthAndRepeatedOnesArriveInOrder() throws Exception {
        try (GuestBench bench = new GuestBench()) {
            bench.memory.write(0x71000, new byte[] {1, 2, 3, 4, 5});
            bench.program(new Code(GuestBench.CODE).mov(Code.EDX, 0x300).mov(Code.EAX, 0x12345678)
                    .raw(0xEE, 0x66, 0xEF, 0xEF, 0xED).store(0x70000, Code.EAX)
                    .mov(Code.ESI, 0x71000).mov(Code.ECX, 5).raw(0xFC, 0xF3, 0x6E)
                    .mov(Code.EDI, 0x72000).mov(Code.ECX, 2).raw(0xF3, 0x66, 0x6D).done());

            assertEquals(Outcome.KICKED, bench.run());
            assertEquals(List.of("out 300/1 78", "out 300/2 5678", "out 300/4 12345678", "in 300/4",
                    "out 300/1 1", "out 300/1 2", "out 300/1 3", "out 300/1 4", "out 300/1 5", "in 300/2", "in 300/2"), bench.log.entries);
            assertEquals(0x5566_7788, bench.memory.readInt(0x70000));
            assertEquals(0x7788_7788, bench.memory.readInt(0x72000));
        }
    }

    @Test
    void aKickInAPortAccessStopsBehindIt() throws Exception {
        try (GuestBench bench = new GuestBench()) {
            bench.log.onWrite = bench.processor::kick;
            bench.program(new Code(GuestBench.CODE).mov(Code.EAX, 7).out(0xE8).mov(Code.EAX, 9).out(0xE8).done());

            assertEquals(Outcome.KICKED, bench.run());
            assertEquals(GuestBench.CODE + 7, bench.processor.rip());
            assertEquals(7, bench.processor.register(0));
            assertEquals(Outcome.KICKED, bench.run());
            assertEquals(List.of("out e8/1 7", "out e8/1 9"), bench.log.entries);
        }
    }

    @Test
    void addressesWithoutMemoryAreMmioAlsoAcrossPages() throws Exception {
        try (GuestBench bench = new GuestBench()) {
            bench.program(new Code(GuestBench.CODE).mov(Code.EAX, 0x12345678)
                    .mov(Code.EBX, 0xD000_0000).raw(0x89, 0x03, 0x8B, 0x03).store(0x70000, Code.EAX)
                    .mov(Code.EAX, 0x12345678).mov(Code.EBX, 0xD000_0FFF).raw(0x89, 0x03).done());

            assertEquals(Outcome.KICKED, bench.run());
            assertEquals(List.of("store d0000000/4 12345678", "load d0000000/4", "store d0000fff/1 78", "store d0001000/2 3456",
                    "store d0001002/1 12"), bench.log.entries);
            assertEquals(0x5566_7788, bench.memory.readInt(0x70000));
        }
    }

    @Test
    void memoryComesAndGoes() throws Exception {
        try (GuestBench bench = new GuestBench(); HostPages video = HostPages.allocate(0x10000)) {
            MemoryRegion region = new MemoryRegion(0xD000_0000L, video.segment(), MemoryRegion.Kind.VIDEO);
            Code code = new Code(GuestBench.CODE).mov(Code.EAX, 0x77).mov(Code.EBX, 0xD000_0000).raw(0x89, 0x03).done();

            bench.program(code).run();
            bench.memory.add(region);
            bench.program(code).run();
            bench.memory.remove(region);
            bench.program(code).run();

            assertEquals(List.of("store d0000000/4 77", "store d0000000/4 77"), bench.log.entries);
            assertEquals(0x77, video.segment().get(ValueLayout.JAVA_INT, 0));
        }
    }

    @Test
    void syntheticMsrsExitAndMayFault() throws Exception {
        try (GuestBench bench = new GuestBench()) {
            bench.handler(13, new Code(GuestBench.HANDLERS).out(0xE8).done(), GuestBench.HANDLERS);
            bench.program(new Code(GuestBench.CODE).wrmsr(0x40000000, 0x8100_0006_01C0_0000L).rdmsr(0x40000000)
                    .store(0x70000, Code.EAX).store(0x70004, Code.EDX).mov(Code.EAX, 0x44).rdmsr(0x400001FF).done());

            assertEquals(Outcome.KICKED, bench.run());
            assertEquals(List.of("wrmsr 40000000 8100000601c00000", "rdmsr 40000000", "out e8/1 44"), bench.log.entries);
            assertEquals(0x1122_3344_5566_7788L, bench.memory.readLong(0x70000));
        }
    }

    @Test
    void messageSignalledInterruptsWakeAHaltedGuest() throws Exception {
        try (GuestBench bench = new GuestBench()) {
            bench.handler(0x41, new Code(GuestBench.HANDLERS).storeHigh(END_OF_INTERRUPT, 0).done(), GuestBench.HANDLERS);
            bench.program(new Code(GuestBench.CODE).storeHigh(SPURIOUS_VECTOR, 0x1FF).out(0xE8).idle());
            bench.log.onWrite = () -> assertTrue(bench.partition.interrupts().deliver(0xFEE0_0000L, 0x41));

            assertEquals(Outcome.KICKED, bench.run());
        }
    }

    @Test
    void anApicThatIsOffRefusesMessages() throws Exception {
        try (GuestBench bench = new GuestBench()) {
            boolean[] taken = {true};
            bench.program(new Code(GuestBench.CODE).out(0xE8).done());
            bench.log.onWrite = () -> taken[0] = bench.partition.interrupts().deliver(0xFEE0_0000L, 0x41);

            bench.run();
            assertEquals(false, taken[0]);
        }
    }

    @Test
    void endOfLevelTriggeredInterruptReachesTheIoApic() throws Exception {
        try (GuestBench bench = new GuestBench()) {
            var ended = new CompletableFuture<Integer>();
            bench.partition.interrupts().endOfInterruptListener(vector -> {
                ended.complete(vector);
                bench.processor.kick();
            });
            bench.partition.interrupts().routeIoApicPin(9, false, 0xFEE0_0000L, 0x8041);
            bench.handler(0x41, new Code(GuestBench.HANDLERS).storeHigh(END_OF_INTERRUPT, 0).iret(), GuestBench.HANDLERS);
            bench.program(new Code(GuestBench.CODE).storeHigh(SPURIOUS_VECTOR, 0x1FF).out(0xE8).idle());
            bench.log.onWrite = () -> bench.partition.interrupts().deliver(0xFEE0_0000L, 0xC041);

            assertEquals(Outcome.KICKED, bench.run());
            assertEquals(0x41, ended.get(1, TimeUnit.SECONDS));
        }
    }

    @Test
    void externalInterruptWaitsForTheGuestToAllowIt() throws Exception {
        try (GuestBench bench = new GuestBench()) {
            var interrupts = bench.partition.interrupts();
            int[] acknowledged = {0};
            interrupts.externalInterruptSource(() -> {
                acknowledged[0]++;
                interrupts.externalInterrupt(false);
                return 0x20;
            });
            bench.handler(0x20, new Code(GuestBench.HANDLERS).out(0xE9).done(), GuestBench.HANDLERS);
            bench.program(new Code(GuestBench.CODE).mov(Code.EAX, 1).out(0xE8).mov(Code.EAX, 2).out(0xE8).idle());
            bench.log.onWrite = () -> {
                if (bench.log.entries.size() == 1) {
                    interrupts.externalInterrupt(true);
                }
            };

            assertEquals(Outcome.KICKED, bench.run());
            assertEquals(List.of("out e8/1 1", "out e8/1 2", "out e9/1 2"), bench.log.entries);
            assertEquals(1, acknowledged[0]);
        }
    }

    @Test
    void externalInterruptFromAnotherThreadWakesAHaltedGuest() throws Exception {
        try (GuestBench bench = new GuestBench()) {
            var interrupts = bench.partition.interrupts();
            var halting = new CountDownLatch(1);
            interrupts.externalInterruptSource(() -> {
                interrupts.externalInterrupt(false);
                return 0x20;
            });
            bench.handler(0x20, new Code(GuestBench.HANDLERS).out(0xE9).done(), GuestBench.HANDLERS);
            bench.program(new Code(GuestBench.CODE).mov(Code.EAX, 3).out(0xE8).idle());
            bench.log.onWrite = halting::countDown;
            var outcome = CompletableFuture.supplyAsync(bench::run);

            assertTrue(halting.await(20, TimeUnit.SECONDS));
            Thread.sleep(50);
            interrupts.externalInterrupt(true);
            assertEquals(Outcome.KICKED, outcome.get(20, TimeUnit.SECONDS));
            assertEquals(List.of("out e8/1 3", "out e9/1 3"), bench.log.entries);
        }
    }

    @Test
    void aKickEndsALoopAndAHalt() throws Exception {
        for (Code body : List.of(new Code(GuestBench.CODE).out(0xE8).spin(), new Code(GuestBench.CODE).out(0xE8).idle())) {
            try (GuestBench bench = new GuestBench()) {
                var running = new CountDownLatch(1);
                bench.program(body);
                bench.log.onWrite = running::countDown;
                var outcome = CompletableFuture.supplyAsync(bench::run);

                assertTrue(running.await(20, TimeUnit.SECONDS));
                Thread.sleep(20);
                bench.processor.kick();
                assertEquals(Outcome.KICKED, outcome.get(20, TimeUnit.SECONDS));
                assertTrue(bench.processor.rip() >= GuestBench.CODE + 2);
            }
        }
    }

    @Test
    void aKickBeforeTheRunIsRemembered() throws Exception {
        try (GuestBench bench = new GuestBench()) {
            bench.program(new Code(GuestBench.CODE).out(0xE8).spin());
            bench.processor.kick();

            assertEquals(Outcome.KICKED, bench.run());
            assertEquals(List.of(), bench.log.entries);
        }
    }

    @Test
    void doorbellRunsWithoutAnExitAndLeavesOtherValuesAlone() throws Exception {
        try (GuestBench bench = new GuestBench()) {
            var rung = new CountDownLatch(1);
            var bell = bench.partition.doorbell(0xE0, 7, rung::countDown).orElseThrow();
            Code code = new Code(GuestBench.CODE).mov(Code.EAX, 7).outWide(0xE0).mov(Code.EAX, 8).outWide(0xE0).done();

            bench.program(code).run();
            assertTrue(rung.await(20, TimeUnit.SECONDS));
            assertEquals(List.of("out e0/4 8"), bench.log.entries);

            bell.close();
            bench.program(code).run();
            assertEquals(List.of("out e0/4 8", "out e0/4 7", "out e0/4 8"), bench.log.entries);
        }
    }

    @Test
    void aTripleFaultIsToldAndResetReturnsToPowerOn() throws Exception {
        try (GuestBench bench = new GuestBench()) {
            ProcessorState powerOn = bench.processor.state();
            bench.program(new Code(GuestBench.CODE).wrmsr(0xC000_0082, 0x1234).raw(0x0F, 0x0B));

            assertEquals(Outcome.TRIPLE_FAULT, bench.run());
            bench.processor.reset();
            ProcessorState after = bench.processor.state();
            assertEquals(0xFFF0, after.rip());
            assertEquals(0xFFFF_0000L, after.segments()[ProcessorState.CS].base());
            assertEquals(powerOn.cr0(), after.cr0());
            assertEquals(0, after.efer());
            assertEquals(powerOn.msrs().get(0xC000_0082), after.msrs().get(0xC000_0082));
            assertEquals(0, bench.processor.privilegeLevel());

            assertEquals(Outcome.KICKED, bench.program(new Code(GuestBench.CODE).done()).run());
            assertTrue(bench.processor.inLongMode());
        }
    }

    @Test
    void stateReadIsStateWritten() throws Exception {
        try (GuestBench bench = new GuestBench()) {
            bench.program(new Code(GuestBench.CODE).mov(Code.EAX, 5).raw(0xF3, 0x0F, 0x2A, 0xC0).done());
            assertEquals(Outcome.KICKED, bench.run());
            ProcessorState taken = bench.processor.state();
            bench.processor.reset();
            bench.processor.state(taken);
            ProcessorState again = bench.processor.state();

            assertEquals(List.of(5L, taken.rip(), taken.rflags(), taken.cr3()), List.of(again.gpr()[0], again.rip(), again.rflags(), again.cr3()));
            assertEquals(List.of(taken.segments()), List.of(again.segments()));
            assertArrayEquals(taken.fxsave(), again.fxsave());
            assertEquals(0x40A00000, ByteBuffer.wrap(again.fxsave()).order(ByteOrder.LITTLE_ENDIAN).getInt(160));
        }
    }

    @Test
    void registersWrittenInsideAnExitAreTheGuests() throws Exception {
        try (GuestBench bench = new GuestBench()) {
            bench.program(new Code(GuestBench.CODE).mov(Code.ECX, 1).out(0xE8).raw(0x89, 0xC8).out(0xE9).done());
            bench.log.onWrite = () -> {
                if (bench.processor.register(1) == 1) {
                    bench.processor.register(1, 0x55);
                }
            };
            bench.run();
            assertEquals(List.of("out e8/1 0", "out e9/1 55"), bench.log.entries);
        }
    }

    @Test
    void timestampsRunAtTheStatedRate() throws Exception {
        try (GuestBench bench = new GuestBench()) {
            long before = bench.processor.timestampCounter();
            long nanos = System.nanoTime();
            Thread.sleep(300);
            long ticks = bench.processor.timestampCounter() - before;
            double rate = ticks * 1e9 / (System.nanoTime() - nanos);
            assertEquals(1.0, rate / bench.partition.timestampFrequency(), 0.05);
        }
    }

    /** The kernel answers nobody but the processor's own thread while it runs; whoever waits for it would wait for the guest. */
    @Test
    void timestampsOfARunningProcessorMakeNobodyWait() throws Exception {
        for (Code body : List.of(new Code(GuestBench.CODE).out(0xE8).raw(0xF4).spin(), new Code(GuestBench.CODE).out(0xE8).spin())) {
            try (GuestBench bench = new GuestBench()) {
                var running = new CountDownLatch(1);
                bench.program(body);
                bench.log.onWrite = running::countDown;
                var outcome = CompletableFuture.supplyAsync(bench::run);
                assertTrue(running.await(20, TimeUnit.SECONDS));
                Thread.sleep(20);

                long first = bench.processor.timestampCounter();
                long nanos = System.nanoTime();
                while (System.nanoTime() - nanos < 5_000_000_000L) {
                    bench.processor.timestampCounter();
                    Thread.sleep(100);
                }
                double told = (bench.processor.timestampCounter() - first) * 1e9 / (System.nanoTime() - nanos);
                assertEquals(1.0, told / bench.partition.timestampFrequency(), 0.05);

                bench.processor.kick();
                assertEquals(Outcome.KICKED, outcome.get(20, TimeUnit.SECONDS));
                long exact = bench.processor.state().live().timestamp();
                assertEquals(0, (bench.processor.timestampCounter() - exact) / (double) bench.partition.timestampFrequency(), 0.5);
            }
        }
    }
}
