package org.viridian.engine.kvm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.viridian.engine.processor.LiveState;
import org.viridian.engine.processor.LiveState.Activity;
import org.viridian.engine.processor.LiveState.Pending;
import org.viridian.engine.processor.ProcessorState;
import org.viridian.engine.processor.VirtualProcessor.Outcome;

/** The whole state of a processor, taken from one VM and put into another, on a real KVM. */
@Tag("kvm")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KvmStateTest {
    private static final int LOCAL_APIC = 0xFEE0_0000;
    private static final int SPURIOUS_VECTOR = LOCAL_APIC + 0xF0;
    private static final int END_OF_INTERRUPT = LOCAL_APIC + 0xB0;
    private static final int LSTAR = 0xC000_0082;
    private static final int PAT = 0x277;
    private static final int MTRR_DEFAULT = 0x2FF;
    private static final int AVX = 4;
    private static final int XSTATE_BV = 512;
    private static final int YMM_HIGH = 576;

    @BeforeEach
    void needsKvm() {
        try {
            KvmDevice.open().close();
        } catch (KvmUnavailableException unavailable) {
            Assumptions.abort(unavailable.getMessage());
        }
    }

    private static boolean hasAvx(GuestBench bench) {
        return bench.partition.supportedCpuid().stream().anyMatch(e -> e.leaf() == 0xD && e.subleaf() == 0 && (e.eax() & AVX) != 0);
    }

    /** A state that differs from the reset state in every part that this processor has. */
    private static ProcessorState colourful(GuestBench bench) {
        ProcessorState s = GuestBench.start();
        ProcessorState present = bench.processor.state();
        byte[] xsave = present.live().xsave();
        long xcr0 = present.live().xcr0();
        if (hasAvx(bench)) {
            MemorySegment area = MemorySegment.ofArray(xsave);
            area.set(ValueLayout.JAVA_LONG_UNALIGNED, XSTATE_BV, 7);
            area.set(ValueLayout.JAVA_LONG_UNALIGNED, 160, 0x1111_2222_3333_4444L);
            area.set(ValueLayout.JAVA_LONG_UNALIGNED, YMM_HIGH + 16, 0x5555_6666_7777_8888L);
            xcr0 = 7;
        }
        Map<Integer, Long> msrs = new HashMap<>(present.msrs());
        msrs.put(LSTAR, 0xFFFF_8000_1234_5678L);
        msrs.put(PAT, 0x0007_0106_0007_0106L);
        msrs.put(MTRR_DEFAULT, 0xC06L);
        msrs.put(0x200, 0xC000_0000L);
        msrs.put(0x250, 0x0606_0606_0606_0606L);
        byte[] apic = present.localApic().clone();
        MemorySegment.ofArray(apic).set(ValueLayout.JAVA_INT_UNALIGNED, 0xF0, 0x1AB);
        MemorySegment.ofArray(apic).set(ValueLayout.JAVA_INT_UNALIGNED, 0x80, 0x30);
        LiveState live = new LiveState(Activity.RUNNING, 123_456_789_000_000L, xcr0, xsave,
                new long[] {0x1000, 0x2000, 0x3000, 0x4000, 0xFFFF_0FF0L, 0x400}, Pending.NOTHING);
        long[] gpr = s.gpr().clone();
        for (int i = 0; i < gpr.length; i++) {
            gpr[i] = i == 4 ? gpr[i] : 0x0101_0101_0101_0101L * (i + 1);
        }
        return new ProcessorState(gpr, s.rip(), 0x202 | 0x8D5, s.segments(), s.gdtBase(), s.gdtLimit(), s.idtBase(), s.idtLimit(),
                s.cr0(), 0xDEAD_B000L, s.cr3(), hasAvx(bench) ? s.cr4() | 1 << 18 : s.cr4(), 3, s.efer() | 1, null, msrs, apic, live);
    }

    private static void same(ProcessorState expected, ProcessorState actual) {
        List<String> differences = new ArrayList<>();
        expected.msrs().forEach((msr, value) -> {
            if (!value.equals(actual.msrs().get(msr))) {
                differences.add("MSR %x: %x became %s".formatted(msr, value, actual.msrs().get(msr)));
            }
        });
        assertEquals(List.of(), differences);
        assertArrayEquals(expected.gpr(), actual.gpr());
        assertEquals(Arrays.asList(expected.segments()), Arrays.asList(actual.segments()));
        assertEquals(List.of(expected.rip(), expected.rflags(), expected.cr0(), expected.cr2(), expected.cr3(), expected.cr4(),
                        expected.cr8(), expected.efer(), expected.gdtBase(), expected.idtBase()),
                List.of(actual.rip(), actual.rflags(), actual.cr0(), actual.cr2(), actual.cr3(), actual.cr4(), actual.cr8(),
                        actual.efer(), actual.gdtBase(), actual.idtBase()));
        assertArrayEquals(expected.localApic(), actual.localApic());
        assertEquals(expected.live().xcr0(), actual.live().xcr0());
        assertArrayEquals(expected.live().xsave(), actual.live().xsave());
        assertArrayEquals(expected.live().debug(), actual.live().debug());
        assertEquals(expected.live().pending(), actual.live().pending());
        assertEquals(expected.live().activity(), actual.live().activity());
    }

    @Test
    void everyPartOfAStateReachesAnotherVm() throws Exception {
        try (GuestBench first = new GuestBench(); GuestBench second = new GuestBench()) {
            ProcessorState written = colourful(first);
            first.processor.state(written);
            ProcessorState taken = first.processor.state();
            assertEquals(0xFFFF_8000_1234_5678L, taken.msrs().get(LSTAR));
            assertEquals(0xC06L, taken.msrs().get(MTRR_DEFAULT));
            assertArrayEquals(written.live().debug(), taken.live().debug());
            assertArrayEquals(written.gpr(), taken.gpr());
            if (hasAvx(first)) {
                assertEquals(7, taken.live().xcr0());
                assertEquals(0x5555_6666_7777_8888L,
                        MemorySegment.ofArray(taken.live().xsave()).get(ValueLayout.JAVA_LONG_UNALIGNED, YMM_HIGH + 16));
            }

            second.processor.state(taken);
            ProcessorState again = second.processor.state();

            same(taken, again);
            long later = again.live().timestamp() - taken.live().timestamp();
            assertTrue(later >= 0 && later < 30 * second.partition.timestampFrequency(), "the TSC went on by " + later);
        }
    }

    @Test
    void aHaltedProcessorStaysHaltedUntilAnInterruptComes() throws Exception {
        try (GuestBench first = new GuestBench(); GuestBench second = new GuestBench()) {
            Code program = new Code(GuestBench.CODE).storeHigh(SPURIOUS_VECTOR, 0x1FF).out(0xE8).idle();
            Code handler = new Code(GuestBench.HANDLERS).storeHigh(END_OF_INTERRUPT, 0).out(0xE9).done();
            for (GuestBench bench : List.of(first, second)) {
                bench.handler(0x41, handler, GuestBench.HANDLERS);
                bench.program(program);
            }
            var idle = new CountDownLatch(1);
            first.log.onWrite = idle::countDown;
            var outcome = CompletableFuture.supplyAsync(first::run);
            assertTrue(idle.await(20, TimeUnit.SECONDS));
            ProcessorState taken;
            long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            // The first kick may meet it on its way to HLT.
            while (true) {
                Thread.sleep(20);
                first.processor.kick();
                assertEquals(Outcome.KICKED, outcome.get(20, TimeUnit.SECONDS));
                taken = first.processor.state();
                if (taken.live().activity() == Activity.HALTED || System.nanoTime() > limit) {
                    break;
                }
                outcome = CompletableFuture.supplyAsync(first::run);
            }
            assertEquals(Activity.HALTED, taken.live().activity());

            second.processor.state(taken);
            var halted = CompletableFuture.supplyAsync(second::run);
            Thread.sleep(50);
            assertEquals(List.of(), second.log.entries);
            assertTrue(second.partition.interrupts().deliver(0xFEE0_0000L, 0x41));
            assertEquals(Outcome.KICKED, halted.get(20, TimeUnit.SECONDS));
            assertEquals(1, second.log.entries.size());
        }
    }

    @Test
    void eventsUnderWayAreDelivered() throws Exception {
        for (Pending pending : List.of(
                new Pending(LiveState.NONE, LiveState.NONE, 0x41, false, 0, false, false, false),
                new Pending(LiveState.NONE, LiveState.NONE, LiveState.NONE, false, 0, false, true, false),
                new Pending(14, 6, LiveState.NONE, false, 0, false, false, false))) {
            int vector = pending.interrupt() != LiveState.NONE ? 0x41 : pending.nmiPending() ? 2 : 14;
            try (GuestBench bench = new GuestBench()) {
                bench.handler(vector, new Code(GuestBench.HANDLERS).raw(0x58).outWide(0xE9).done(), GuestBench.HANDLERS);
                bench.program(new Code(GuestBench.CODE).out(0xE8).spin());
                ProcessorState start = bench.processor.state();
                LiveState live = start.live();
                bench.processor.state(new ProcessorState(start.gpr(), start.rip(), 0x202, start.segments(), start.gdtBase(),
                        start.gdtLimit(), start.idtBase(), start.idtLimit(), start.cr0(), start.cr2(), start.cr3(), start.cr4(),
                        start.cr8(), start.efer(), start.fxsave(), start.msrs(), start.localApic(),
                        new LiveState(Activity.RUNNING, live.timestamp(), live.xcr0(), live.xsave(), live.debug(), pending)));
                assertEquals(pending, bench.processor.state().live().pending());

                assertEquals(Outcome.KICKED, bench.run());
                // What the handler pops: the error code, or the RIP that the event came before.
                assertEquals(List.of(vector == 14 ? "out e9/4 6" : "out e9/4 1000"), bench.log.entries);
            }
        }
    }

    @Test
    void memoryTypesAreSetWithoutWakingAProcessorThatWaits() throws Exception {
        try (GuestBench bench = new GuestBench(2)) {
            try (var second = bench.partition.createProcessor(1, bench.partition.supportedCpuid())) {
                assertTrue(second.presetMsrs(Map.of(MTRR_DEFAULT, 0xC06L, 0x250, 0x0606_0606_0606_0606L)));
                ProcessorState state = second.state();
                assertEquals(0xC06L, state.msrs().get(MTRR_DEFAULT));
                assertEquals(0x0606_0606_0606_0606L, state.msrs().get(0x250));
                assertEquals(Activity.WAIT_FOR_INIT, state.live().activity());
                assertEquals(false, second.presetMsrs(Map.of(0x1234_5678, 1L)), "no such register");
            }
        }
    }

    @Test
    void resetForgetsEverything() throws Exception {
        try (GuestBench bench = new GuestBench()) {
            ProcessorState powerOn = bench.processor.state();
            bench.processor.state(colourful(bench));
            bench.processor.reset();
            same(powerOn, bench.processor.state());
        }
    }
}
