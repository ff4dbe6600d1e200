package org.viridian.engine.hyperv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.viridian.engine.bus.MsrFault;
import org.viridian.engine.partition.GuestCrash;
import org.viridian.engine.partition.PartitionListener;
import org.viridian.engine.processor.CpuidEntry;

/** CPUID, synthetic MSRs, hypercall page and reference time of a machine as a guest finds them. */
class HypervisorInterfaceTest {
    private static final long LINUX = 0x8100_0006_01C0_0000L;
    private static final long PAGE = 0x8000;

    private final FakeMachine machine = new FakeMachine();
    private final HypervisorInterface hypervisor = machine.hypervisor;

    @AfterEach
    void close() {
        machine.close();
    }

    private byte[] bytes(long address, int size) {
        byte[] bytes = new byte[size];
        machine.memory.read(address, bytes, 0, size);
        return bytes;
    }

    private Map<Integer, CpuidEntry> cpuid() {
        return hypervisor.cpuid().stream().collect(Collectors.toMap(CpuidEntry::leaf, Function.identity()));
    }

    @Test
    void cpuidShowsHyperVAndNothingElse() {
        Map<Integer, CpuidEntry> table = cpuid();
        assertFalse(table.containsKey(0x4000_0100), "another hypervisor's signature");
        assertEquals(5 | 1 << 31, table.get(1).ecx());
        assertEquals(0x4000_0006, table.get(0x4000_0000).eax());
        assertEquals(0x7263_694D, table.get(0x4000_0000).ebx());
        assertEquals(0x3123_7648, table.get(0x4000_0001).eax());
        assertEquals(0x8AE6, table.get(0x4000_0003).eax());
        assertEquals(0x30, table.get(0x4000_0003).ebx());
        assertEquals(0x500, table.get(0x4000_0003).edx());
        assertEquals(0x220, table.get(0x4000_0004).eax());
        assertEquals(-1, table.get(0x4000_0004).ebx());
        assertEquals(2, table.get(0x4000_0005).eax());
        assertEquals(0, table.get(0x4000_0081).eax());
        assertEquals(1 << 8, table.get(0x8000_0007).edx());
        machine.invariant = false;
        assertEquals(0x0AE6, cpuid().get(0x4000_0003).eax());
        assertEquals(0, cpuid().get(0x8000_0007).edx());
    }

    @Test
    void theHypercallPageHoldsTheAgreedCode() throws MsrFault {
        machine.memory.writeLong(PAGE, 0x1122_3344_5566_7788L);
        hypervisor.write(0, SyntheticMsr.HYPERCALL, PAGE | 1);
        assertEquals(PAGE, hypervisor.read(0, SyntheticMsr.HYPERCALL), "no hypercalls without a guest OS id");
        hypervisor.write(0, SyntheticMsr.GUEST_OS_ID, LINUX);
        hypervisor.write(0, SyntheticMsr.HYPERCALL, PAGE | 1);
        assertEquals(PAGE | 1, hypervisor.read(0, SyntheticMsr.HYPERCALL));
        byte[] code = HexFormat.of().parseHex("f30f1efa81f95d000100751048 89d048c1e8207507 89d0e7e0 31c0c3 e5e4c3".replace(" ", ""));
        byte[] page = bytes(PAGE, 4096);
        assertArrayEquals(code, Arrays.copyOf(page, code.length));
        for (int i = code.length; i < page.length; i++) {
            assertEquals((byte) 0xCC, page[i]);
        }
        hypervisor.write(0, SyntheticMsr.HYPERCALL, 0);
        assertEquals(0x1122_3344_5566_7788L, machine.memory.readLong(PAGE), "the covered RAM reappears");
    }

    @Test
    void thirtyTwoBitGuestsGetCodeTheyCanRun() throws MsrFault {
        machine.processor(1).longMode = false;
        hypervisor.write(1, SyntheticMsr.GUEST_OS_ID, LINUX);
        hypervisor.write(1, SyntheticMsr.HYPERCALL, PAGE | 1);
        assertArrayEquals(HexFormat.of().parseHex("f30f1efae5e4c3cc"), bytes(PAGE, 8));
    }

    @Test
    void aMovedPageLeavesNothingBehindAndALockedOneStays() throws MsrFault {
        hypervisor.write(0, SyntheticMsr.GUEST_OS_ID, LINUX);
        hypervisor.write(0, SyntheticMsr.HYPERCALL, PAGE | 1);
        hypervisor.write(0, SyntheticMsr.HYPERCALL, 0x9000 | 3);
        assertEquals(0, machine.memory.readInt(PAGE));
        assertEquals(0xFA1E_0FF3, machine.memory.readInt(0x9000));
        assertThrows(MsrFault.class, () -> hypervisor.write(0, SyntheticMsr.HYPERCALL, PAGE | 1));
        hypervisor.write(0, SyntheticMsr.GUEST_OS_ID, 0);
        assertEquals(0, hypervisor.read(0, SyntheticMsr.HYPERCALL) & 1);
        assertEquals(0, machine.memory.readInt(0x9000));
    }

    @Test
    void aHypercallPageOutsideRamFaults() throws MsrFault {
        hypervisor.write(0, SyntheticMsr.GUEST_OS_ID, LINUX);
        for (long page : new long[] {FakeMachine.RAM, 0xFEE0_0000L, -4096L}) {
            assertThrows(MsrFault.class, () -> hypervisor.write(0, SyntheticMsr.HYPERCALL, page | 1));
        }
        assertEquals(0, hypervisor.read(0, SyntheticMsr.HYPERCALL));
    }

    @Test
    void onlyOfferedRegistersExist() throws MsrFault {
        assertEquals(1, hypervisor.read(1, SyntheticMsr.VP_INDEX));
        assertEquals(FakeMachine.TSC_FREQUENCY, hypervisor.read(0, SyntheticMsr.TSC_FREQUENCY));
        assertEquals(1_000_000_000, hypervisor.read(0, SyntheticMsr.APIC_FREQUENCY));
        hypervisor.write(0, SyntheticMsr.VP_ASSIST_PAGE, 0x1234_5001L);
        assertEquals(0x1234_5001L, hypervisor.read(0, SyntheticMsr.VP_ASSIST_PAGE));
        assertEquals(0, hypervisor.read(1, SyntheticMsr.VP_ASSIST_PAGE));
        for (int msr : new int[] {SyntheticMsr.VP_INDEX, SyntheticMsr.TIME_REF_COUNT, SyntheticMsr.TSC_FREQUENCY,
                SyntheticMsr.APIC_FREQUENCY}) {
            assertThrows(MsrFault.class, () -> hypervisor.write(0, msr, 0), Integer.toHexString(msr));
        }
        for (int msr : new int[] {0x4000_0010, 0x4000_0070, 0x4000_0071, 0x4000_0072, 0x4000_00B0, 0x4000_00F0, 0x4000_0106,
                0x4000_0107, 0x4000_01FF}) {
            assertThrows(MsrFault.class, () -> hypervisor.read(0, msr), Integer.toHexString(msr));
            assertThrows(MsrFault.class, () -> hypervisor.write(0, msr, 1), Integer.toHexString(msr));
        }
        hypervisor.write(0, SyntheticMsr.TSC_INVARIANT_CONTROL, 1);
        assertEquals(1, hypervisor.read(0, SyntheticMsr.TSC_INVARIANT_CONTROL));
        machine.invariant = false;
        assertThrows(MsrFault.class, () -> hypervisor.read(0, SyntheticMsr.TSC_INVARIANT_CONTROL));
    }

    @Test
    void pageAndCounterTellTheSameTime() throws MsrFault {
        machine.processor(0).timestamp = 123_456_789_012L;
        hypervisor.write(0, SyntheticMsr.REFERENCE_TSC, 0x7000 | 1);
        assertEquals(1, machine.memory.readInt(0x7000));
        long scale = machine.memory.readLong(0x7008);
        long offset = machine.memory.readLong(0x7010);
        BigInteger exact = BigInteger.TEN.pow(7).shiftLeft(64).divide(BigInteger.valueOf(FakeMachine.TSC_FREQUENCY));
        assertEquals(exact.longValue(), scale);
        assertEquals(0, hypervisor.read(0, SyntheticMsr.TIME_REF_COUNT), "the VM has just been made and its clock stands");
        for (long ticks : new long[] {0, 1, 250, FakeMachine.TSC_FREQUENCY, 1L << 50}) {
            machine.processor(0).timestamp = 123_456_789_012L + ticks;
            assertEquals(Math.unsignedMultiplyHigh(123_456_789_012L + ticks, scale) + offset,
                    hypervisor.read(0, SyntheticMsr.TIME_REF_COUNT));
        }
        machine.processor(1).timestamp = 123_456_789_012L + FakeMachine.TSC_FREQUENCY;
        assertEquals(10_000_000, hypervisor.read(1, SyntheticMsr.TIME_REF_COUNT), 1);
    }

    @Test
    void eachNewPageContentHasANewSequenceThatIsNeverInvalid() {
        ReferenceTime time = new ReferenceTime(machine.memory, FakeMachine.TSC_FREQUENCY, () -> 0);
        time.restore(0x7001, -2);
        time.continueFrom(1000, 0);
        assertEquals(1, machine.memory.readInt(0x7000));
        time.continueFrom(1000, 0);
        assertEquals(2, machine.memory.readInt(0x7000));
    }

    @Test
    void aTscTooSlowForThePageStillCounts() {
        ReferenceTime time = new ReferenceTime(machine.memory, 1_000_000, () -> 0);
        time.register(0x7001, 0);
        assertEquals(0, machine.memory.readInt(0x7000), "sequence 0 sends the guest to the register");
        assertEquals(30, time.at(3));
    }

    @Test
    void aCrashIsReportedOnceWithItsText() throws MsrFault {
        List<GuestCrash> crashes = new ArrayList<>();
        machine.partition.addListener(new PartitionListener() {
            @Override
            public void guestCrashed(GuestCrash crash) {
                crashes.add(crash);
            }
        });
        machine.memory.write(0xA000, "Kernel panic".getBytes(StandardCharsets.UTF_8));
        assertEquals(3L << 62, hypervisor.read(0, SyntheticMsr.CRASH_CTL));
        hypervisor.write(0, SyntheticMsr.CRASH_P0 + 3, 0xA000);
        hypervisor.write(0, SyntheticMsr.CRASH_P4, 12);
        assertTrue(crashes.isEmpty());
        hypervisor.write(0, SyntheticMsr.CRASH_CTL, 3L << 62);
        assertEquals("Kernel panic", crashes.getFirst().message());
        for (long[] lie : new long[][] {{0xA000, -1}, {FakeMachine.RAM - 8, 4096}, {-1, 4096}, {0xA000, Long.MAX_VALUE}}) {
            hypervisor.write(0, SyntheticMsr.CRASH_P0 + 3, lie[0]);
            hypervisor.write(0, SyntheticMsr.CRASH_P4, lie[1]);
            hypervisor.write(0, SyntheticMsr.CRASH_CTL, 3L << 62);
            assertTrue(crashes.getLast().message().length() <= 4096);
        }
        hypervisor.write(0, SyntheticMsr.CRASH_P0, 77);
        hypervisor.write(0, SyntheticMsr.CRASH_CTL, 1L << 63);
        assertEquals(new GuestCrash(77, 0, 0, 0xA000, Long.MAX_VALUE, ""), crashes.getLast());
    }

    @Test
    void savedStateComesBack() throws MsrFault {
        hypervisor.write(0, SyntheticMsr.GUEST_OS_ID, LINUX);
        hypervisor.write(0, SyntheticMsr.HYPERCALL, PAGE | 1);
        machine.processor(0).timestamp = 5_000_000_000L;
        hypervisor.write(0, SyntheticMsr.REFERENCE_TSC, 0x7001);
        hypervisor.write(1, SyntheticMsr.SIMP, 0x2_0001);
        hypervisor.write(1, SyntheticMsr.SINT0 + 2, 0x1_00F3);
        hypervisor.write(1, SyntheticMsr.SCONTROL, 1);
        hypervisor.synic().postMessage(1, 2, 1, new byte[] {1});
        hypervisor.synic().postMessage(1, 2, 1, new byte[] {2});
        hypervisor.synic().signalEvent(1, 2, 40);
        machine.processor(0).timestamp = 7_500_000_000L;
        HypervisorState state = hypervisor.save();

        try (FakeMachine other = new FakeMachine()) {
            other.view(0, FakeMachine.RAM).copyFrom(machine.view(0, FakeMachine.RAM));
            other.processor(0).timestamp = 100;
            other.hypervisor.restore(state);
            assertEquals(PAGE | 1, other.hypervisor.read(0, SyntheticMsr.HYPERCALL));
            assertEquals(hypervisor.referenceTime(0), other.hypervisor.referenceTime(0), "time goes on where it stood");
            assertEquals(2, other.memory.readInt(0x7000), "the page is told");
            other.hypervisor.write(1, SyntheticMsr.SIEFP, 0x2_1001);
            other.hypervisor.write(1, SyntheticMsr.SINT0 + 2, 0xF3);
            assertEquals(1 << 8, other.memory.readInt(0x2_1000 + 2 * 256 + 4));
            other.memory.writeInt(0x2_0000 + 2 * 256, 0);
            other.hypervisor.write(1, SyntheticMsr.EOM, 0);
            assertEquals(2, other.memory.readByte(0x2_0000 + 2 * 256 + 16));
            other.hypervisor.write(0, SyntheticMsr.HYPERCALL, 0);
            assertEquals(0, other.memory.readInt(PAGE), "what the page covered was saved, too");
        }
    }

    @Test
    void resetReturnsEverythingToPowerOn() throws Exception {
        hypervisor.write(0, SyntheticMsr.GUEST_OS_ID, LINUX);
        hypervisor.write(0, SyntheticMsr.HYPERCALL, PAGE | 3);
        hypervisor.write(0, SyntheticMsr.REFERENCE_TSC, 0x7001);
        hypervisor.write(0, SyntheticMsr.SINT0 + 2, 0xF3);
        hypervisor.write(0, SyntheticMsr.SCONTROL, 1);
        hypervisor.write(0, SyntheticMsr.VP_ASSIST_PAGE, 0x6001);
        hypervisor.synic().postMessage(0, 2, 1, new byte[] {1});
        CountDownLatch done = new CountDownLatch(1);
        machine.partition.addListener(new PartitionListener() {
            @Override
            public void reset(String reason) {
                done.countDown();
            }
        });
        machine.partition.start();
        hypervisor.write(0, SyntheticMsr.RESET, 1);
        assertTrue(done.await(10, TimeUnit.SECONDS));
        for (int msr : new int[] {SyntheticMsr.GUEST_OS_ID, SyntheticMsr.HYPERCALL, SyntheticMsr.REFERENCE_TSC,
                SyntheticMsr.SCONTROL, SyntheticMsr.VP_ASSIST_PAGE, SyntheticMsr.RESET}) {
            assertEquals(0, hypervisor.read(0, msr), Integer.toHexString(msr));
        }
        assertEquals(0x1_0000, hypervisor.read(0, SyntheticMsr.SINT0 + 2));
        hypervisor.write(0, SyntheticMsr.SIMP, 0x2_0001);
        hypervisor.write(0, SyntheticMsr.SCONTROL, 1);
        assertEquals(0, machine.memory.readInt(0x2_0000 + 2 * 256), "messages of the dead kernel are gone");
    }

    @Test
    void damagedStatesAreRefused() {
        HypervisorState good = hypervisor.save();
        assertThrows(IllegalArgumentException.class, () -> hypervisor.restore(new HypervisorState(0, PAGE | 1, null, 0, 0, 0, 0,
                good.crash(), good.processors())));
        assertThrows(IllegalArgumentException.class, () -> hypervisor.restore(new HypervisorState(0, 0, null, 0, 0, 0, 0,
                new long[4], good.processors())));
        assertThrows(IllegalArgumentException.class, () -> hypervisor.restore(new HypervisorState(0, 0, null, 0, 0, 0, 0,
                good.crash(), good.processors().subList(0, 1))));
    }

    @Test
    void everyRegisterSurvivesNoise() {
        Random random = new Random(11);
        for (int i = 0; i < 50_000; i++) {
            int msr = 0x4000_0000 + random.nextInt(0x200);
            long value = switch (random.nextInt(3)) {
                case 0 -> random.nextLong();
                case 1 -> random.nextInt((int) FakeMachine.RAM) & ~0xFFF | random.nextInt(4);
                default -> 1L << random.nextInt(64);
            };
            int vp = random.nextInt(2);
            try {
                hypervisor.write(vp, msr, value);
                hypervisor.read(vp, msr);
            } catch (MsrFault expected) {
                // The guest gets #GP.
            }
            hypervisor.synic().signalEvent(vp, 2, random.nextInt(2048));
            if (i % 16 == 0) {
                hypervisor.synic().postMessage(vp, 2, 1, new byte[240]);
            }
        }
        hypervisor.synic().discardMessages();
    }
}
