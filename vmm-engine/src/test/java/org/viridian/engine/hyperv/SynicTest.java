package org.viridian.engine.hyperv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.viridian.engine.bus.MsrFault;
import org.viridian.engine.memory.MemoryListener;
import org.viridian.engine.memory.MemoryRegion;

/** Messages and event flags, seen from a guest that programs SINT2 as Linux does. */
class SynicTest {
    private static final int SINT = 2;
    private static final int VECTOR = 0xF3;
    private static final long MESSAGES = 0x1_0000;
    private static final long EVENTS = 0x1_1000;
    private static final long SLOT = MESSAGES + SINT * 256;
    private static final long FLAGS = EVENTS + SINT * 256;

    private final FakeMachine machine = new FakeMachine();
    private final SynicHost synic = machine.hypervisor.synic();

    @BeforeEach
    void programLikeLinux() throws MsrFault {
        write(SyntheticMsr.SIMP, MESSAGES | 1);
        write(SyntheticMsr.SIEFP, EVENTS | 1);
        write(SyntheticMsr.SINT0 + SINT, VECTOR);
        write(SyntheticMsr.SCONTROL, 1);
    }

    @AfterEach
    void close() {
        machine.close();
    }

    private void write(int msr, long value) throws MsrFault {
        machine.hypervisor.write(0, msr, value);
    }

    private void post(int first) {
        synic.postMessage(0, SINT, 1, new byte[] {(byte) first, 2, 3});
    }

    private int type() {
        return machine.memory.readInt(SLOT);
    }

    private int pending() {
        return machine.memory.readByte(SLOT + 5);
    }

    /** What the guest does: empties the slot, and writes EOM when the pending bit was set. Returns the first byte. */
    private int takeMessage() throws MsrFault {
        int first = machine.memory.readByte(SLOT + 16);
        machine.memory.writeInt(SLOT, 0);
        if (pending() != 0) {
            write(SyntheticMsr.EOM, 0);
        }
        return first;
    }

    @Test
    void aMessageFillsTheSlotAndInterrupts() {
        post(7);
        assertEquals(1, type());
        assertEquals(3, machine.memory.readByte(SLOT + 4));
        assertEquals(0, pending());
        assertEquals(0, machine.memory.readLong(SLOT + 8));
        assertEquals(7, machine.memory.readByte(SLOT + 16));
        assertEquals(List.of(new FakeMachine.Interrupt(0, VECTOR)), machine.interrupts);
    }

    @Test
    void furtherMessagesWaitInOrder() throws MsrFault {
        for (int i = 1; i <= 5; i++) {
            post(i);
        }
        assertEquals(1, machine.interrupts.size());
        for (int i = 1; i <= 5; i++) {
            assertEquals(i == 5 ? 0 : 1, pending(), "pending while message " + i + " is in the slot");
            assertEquals(i, takeMessage());
        }
        assertEquals(0, type());
        assertEquals(5, machine.interrupts.size());
    }

    @Test
    void aSlotEmptiedBetweenLookAndPendingBitIsFilledAtOnce() {
        post(1);
        // The guest takes the message just when the host has set the pending bit, and has looked at that bit before.
        machine.memory.addListener(new MemoryListener() {
            private boolean once;

            @Override
            public void regionAdded(MemoryRegion region) {}

            @Override
            public void regionRemoved(MemoryRegion region) {}

            @Override
            public void hostWrote(long address, long length) {
                if (!once && address == SLOT + 4) {
                    once = true;
                    machine.memory.writeInt(SLOT, 0);
                }
            }
        });
        post(2);
        assertEquals(1, type());
        assertEquals(2, machine.memory.readByte(SLOT + 16));
        assertEquals(0, pending());
        assertEquals(2, machine.interrupts.size());
    }

    @Test
    void thePendingBitLeavesItsNeighboursAlone() {
        post(1);
        machine.memory.writeByte(SLOT + 4, 0x77);
        machine.memory.writeShort(SLOT + 6, 0x1234);
        post(2);
        assertEquals(0x77, machine.memory.readByte(SLOT + 4));
        assertEquals(1, pending());
        assertEquals(0x1234, machine.memory.readShort(SLOT + 6));
    }

    @Test
    void aGuestThatReadsNothingFillsItsBuffersAndNoMore() throws MsrFault {
        byte[] message = new byte[240];
        int accepted = 0;
        for (int i = 0; i < 3 * SynicProcessor.MAX_WAITING; i++) {
            message[0] = (byte) i;
            accepted += synic.postMessage(0, SINT, 1, message) ? 1 : 0;
        }
        assertEquals(SynicProcessor.MAX_WAITING + 1, accepted, "one in the slot, the rest waiting");
        assertEquals(2L * SynicProcessor.MAX_WAITING - 1, counter("messages-dropped"));
        assertTrue(synic.postMessage(0, SINT + 2, 1, message), "another SINT has buffers of its own");
        assertTrue(synic.postMessage(1, SINT, 1, message), "and so has another processor");

        assertEquals(0, takeMessage());
        assertEquals(1, takeMessage());
        assertTrue(synic.postMessage(0, SINT, 1, message), "what is read makes room");
        for (int i = 2; i < accepted; i++) {
            assertEquals(i & 0xFF, takeMessage() & 0xFF, "those that were taken in come in order");
        }
    }

    private long counter(String name) {
        return machine.hypervisor.counters().stream().filter(counter -> counter.name().equals(name)).findFirst().orElseThrow().get();
    }

    @Test
    void oneEndOfMessageServesEverySintOfTheProcessor() throws MsrFault {
        write(SyntheticMsr.SINT0 + 4, 0x40);
        for (int sint : new int[] {2, 4}) {
            synic.postMessage(0, sint, 1, new byte[] {1});
            synic.postMessage(0, sint, 1, new byte[] {2});
        }
        machine.memory.writeInt(SLOT, 0);
        machine.memory.writeInt(MESSAGES + 4 * 256, 0);
        write(SyntheticMsr.EOM, 0);
        assertEquals(2, machine.memory.readByte(SLOT + 16));
        assertEquals(2, machine.memory.readByte(MESSAGES + 4 * 256 + 16));
    }

    @Test
    void messagesWaitForTheirProcessorToBeSetUp() throws MsrFault {
        synic.postMessage(1, SINT, 1, new byte[] {9});
        machine.hypervisor.write(1, SyntheticMsr.SINT0 + SINT, VECTOR);
        machine.hypervisor.write(1, SyntheticMsr.SCONTROL, 1);
        assertTrue(machine.interrupts.isEmpty());
        machine.hypervisor.write(1, SyntheticMsr.SIMP, 0x2_0000 | 1);
        assertEquals(9, machine.memory.readByte(0x2_0000 + SINT * 256 + 16));
        assertEquals(List.of(new FakeMachine.Interrupt(1, VECTOR)), machine.interrupts);
    }

    @Test
    void aMaskedSintGetsItsInterruptWhenUnmasked() throws MsrFault {
        write(SyntheticMsr.SINT0 + SINT, 0x1_0000 | VECTOR);
        post(1);
        synic.signalEvent(0, SINT, 5);
        assertEquals(1, type());
        assertEquals(0, machine.memory.readInt(FLAGS));
        assertTrue(machine.interrupts.isEmpty());
        write(SyntheticMsr.SINT0 + SINT, VECTOR);
        assertEquals(1 << 5, machine.memory.readInt(FLAGS));
        assertEquals(2, machine.interrupts.size());
    }

    @Test
    void pollingNeverInterrupts() throws MsrFault {
        write(SyntheticMsr.SINT0 + SINT, 1 << 18 | VECTOR);
        post(1);
        synic.signalEvent(0, SINT, 70);
        assertEquals(1, type());
        assertEquals(1 << 6, machine.memory.readInt(FLAGS + 8));
        assertTrue(machine.interrupts.isEmpty());
    }

    @Test
    void flagsInterruptOnlyWhenNewlySet() {
        synic.signalEvent(0, SINT, 2047);
        synic.signalEvent(0, SINT, 2047);
        assertEquals(0x8000_0000, machine.memory.readInt(FLAGS + 252));
        assertEquals(1, machine.interrupts.size());
        machine.memory.writeInt(FLAGS + 252, 0);
        synic.signalEvent(0, SINT, 2047);
        assertEquals(2, machine.interrupts.size());
    }

    @Test
    void flagsSignalledBeforeThePageAppearIn() throws MsrFault {
        write(SyntheticMsr.SIEFP, 0);
        synic.signalEvent(0, SINT, 3);
        synic.signalEvent(0, SINT, 35);
        assertTrue(machine.interrupts.isEmpty());
        write(SyntheticMsr.SIEFP, 0x3_0000 | 1);
        assertEquals(1 << 3, machine.memory.readInt(0x3_0000 + SINT * 256));
        assertEquals(1 << 3, machine.memory.readInt(0x3_0000 + SINT * 256 + 4));
    }

    @Test
    void pagesAreClearedWhenTheyAppearAndOnlyThen() throws MsrFault {
        machine.memory.writeInt(0x4_0000, 0x1234);
        write(SyntheticMsr.SIMP, 0x4_0000);
        assertEquals(0x1234, machine.memory.readInt(0x4_0000));
        write(SyntheticMsr.SIMP, 0x4_0000 | 1);
        assertEquals(0, machine.memory.readInt(0x4_0000));
        machine.memory.writeInt(0x4_0000, 0x1234);
        write(SyntheticMsr.SIMP, 0x4_0000 | 1);
        assertEquals(0x1234, machine.memory.readInt(0x4_0000));
    }

    @Test
    void pagesOutsideRamAreAcceptedAndGetNothing() throws MsrFault {
        for (long page : new long[] {0x7FFF_F000L, -4096L, 0xFEE0_0000L, FakeMachine.RAM}) {
            write(SyntheticMsr.SIMP, page | 1);
            write(SyntheticMsr.SIEFP, page | 1);
            assertEquals(page | 1, machine.hypervisor.read(0, SyntheticMsr.SIMP));
            post(1);
            synic.signalEvent(0, SINT, 1);
        }
        assertTrue(machine.interrupts.isEmpty());
        write(SyntheticMsr.SIMP, MESSAGES | 1);
        assertEquals(1, type());
    }

    @Test
    void aRefusedInterruptIsTriedAgainInTime() throws Exception {
        machine.partition.clock().resume();
        machine.refuseInterrupts = true;
        post(1);
        assertTrue(machine.interrupts.isEmpty());
        machine.refuseInterrupts = false;
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        while (machine.interrupts.isEmpty() && System.nanoTime() < end) {
            Thread.sleep(5);
        }
        assertEquals(1, machine.interrupts.size());
    }

    @Test
    void aForgottenEndOfMessageOnlyDelays() throws Exception {
        machine.partition.clock().resume();
        post(1);
        post(2);
        machine.memory.writeInt(SLOT, 0);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        while (type() == 0 && System.nanoTime() < end) {
            Thread.sleep(5);
        }
        assertEquals(2, machine.memory.readByte(SLOT + 16));
    }

    @Test
    void discardedMessagesNeverArrive() throws MsrFault {
        post(1);
        post(2);
        synic.discardMessages();
        machine.memory.writeInt(SLOT, 0);
        write(SyntheticMsr.EOM, 0);
        assertEquals(0, type());
    }

    @Test
    void vectorsBelowSixteenFault() throws MsrFault {
        assertThrows(MsrFault.class, () -> write(SyntheticMsr.SINT0, 15));
        assertThrows(MsrFault.class, () -> write(SyntheticMsr.SINT15, 0));
        write(SyntheticMsr.SINT0, 0x1_0000);
        write(SyntheticMsr.SINT0, 16);
        assertEquals(16, machine.hypervisor.read(0, SyntheticMsr.SINT0));
    }

    @Test
    void resetValuesAreThoseOfTheSpecification() throws MsrFault {
        assertEquals(0x1_0000, machine.hypervisor.read(1, SyntheticMsr.SINT15));
        assertEquals(0, machine.hypervisor.read(1, SyntheticMsr.SCONTROL));
        assertEquals(1, machine.hypervisor.read(1, SyntheticMsr.SVERSION));
        assertEquals(0, machine.hypervisor.read(1, SyntheticMsr.EOM));
        assertThrows(MsrFault.class, () -> write(SyntheticMsr.SVERSION, 1));
        assertThrows(MsrFault.class, () -> write(0x4000_0085, 1));
        assertThrows(MsrFault.class, () -> machine.hypervisor.read(0, 0x4000_008F));
    }

    @Test
    void theHostCannotAskForWhatDoesNotExist() {
        assertThrows(IllegalArgumentException.class, () -> synic.postMessage(0, 16, 1, new byte[1]));
        assertThrows(IllegalArgumentException.class, () -> synic.postMessage(0, 2, 1, new byte[241]));
        assertThrows(IllegalArgumentException.class, () -> synic.signalEvent(0, 2, 2048));
    }
}
