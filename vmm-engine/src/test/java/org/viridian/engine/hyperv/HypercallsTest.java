package org.viridian.engine.hyperv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.viridian.engine.bus.MsrFault;

/** Hypercalls as a guest makes them, and as a hostile one would. */
class HypercallsTest {
    private static final long BLOCK = 0x5000;
    private static final long PAGE = 0x8000;
    private static final long POST = 0x5C;
    private static final long SIGNAL = 0x5D;
    private static final long FAST = 1 << 16;
    private static final int CONNECTION = 4;

    private final FakeMachine machine = new FakeMachine();
    private final SynicHost synic = machine.hypervisor.synic();
    private final List<byte[]> received = new ArrayList<>();
    private final AtomicInteger signals = new AtomicInteger();

    @BeforeEach
    void enable() throws MsrFault {
        machine.hypervisor.write(0, SyntheticMsr.GUEST_OS_ID, 0x8100_0006_01C0_0000L);
        machine.hypervisor.write(0, SyntheticMsr.HYPERCALL, PAGE | 1);
        synic.messagePort(CONNECTION, (type, payload) -> {
            received.add(payload);
            return type == 99 ? HypercallStatus.INSUFFICIENT_BUFFERS : HypercallStatus.SUCCESS;
        });
        synic.eventPort(0x2001, signals::incrementAndGet);
    }

    @AfterEach
    void close() {
        machine.close();
    }

    private void message(int connection, int type, int size) {
        machine.memory.clear(BLOCK, 256);
        machine.memory.writeInt(BLOCK, connection);
        machine.memory.writeInt(BLOCK + 8, type);
        machine.memory.writeInt(BLOCK + 12, size);
        machine.memory.writeInt(BLOCK + 16, 0x0403_0201);
    }

    @Test
    void aMessageReachesItsPortWithExactlyItsBytes() {
        message(CONNECTION, 1, 3);
        assertEquals(0, machine.hypercall(POST, BLOCK, 0));
        assertArrayEquals(new byte[] {1, 2, 3}, received.getFirst());
        message(CONNECTION, 99, 0);
        assertEquals(0x13, machine.hypercall(POST, BLOCK, 0));
    }

    @Test
    void badMessagesAreRefusedWithTheirStatus() {
        message(CONNECTION, 1, 241);
        assertEquals(5, machine.hypercall(POST, BLOCK, 0));
        message(CONNECTION, 1, -1);
        assertEquals(5, machine.hypercall(POST, BLOCK, 0));
        message(CONNECTION, 0x8000_0001, 8);
        assertEquals(5, machine.hypercall(POST, BLOCK, 0));
        message(5, 1, 8);
        assertEquals(0x12, machine.hypercall(POST, BLOCK, 0));
        message(CONNECTION | 1 << 24, 1, 8);
        assertEquals(0x12, machine.hypercall(POST, BLOCK, 0));
        message(CONNECTION, 1, 8);
        assertEquals(4, machine.hypercall(POST, BLOCK + 4, 0), "misaligned");
        assertEquals(4, machine.hypercall(POST, 0x5F08, 0), "crosses a page");
        assertEquals(5, machine.hypercall(POST, FakeMachine.RAM, 0), "behind RAM");
        assertEquals(5, machine.hypercall(POST, 0xFFFF_FFFF_FFFF_F000L, 0), "end of the address space");
        assertEquals(3, machine.hypercall(POST | FAST, BLOCK, 0));
        for (int bit = 17; bit < 64; bit++) {
            assertEquals(3, machine.hypercall(POST | 1L << bit, BLOCK, 0), "bit " + bit);
        }
        assertTrue(received.isEmpty());
    }

    @Test
    void signalsArriveInEveryForm() {
        machine.partition.ports().write(0, HypercallPage.SIGNAL_PORT, 4, 0x2001);
        assertEquals(1, signals.get());
        assertEquals(0, machine.hypercall(SIGNAL | FAST, 0x2001, 0));
        assertEquals(2, signals.get());
        machine.memory.writeLong(BLOCK, 0x2001);
        assertEquals(0, machine.hypercall(SIGNAL, BLOCK, 0));
        assertEquals(3, signals.get());
    }

    @Test
    void badSignalsAreRefused() {
        machine.partition.ports().write(0, HypercallPage.SIGNAL_PORT, 4, 0x2002);
        machine.partition.ports().write(0, HypercallPage.SIGNAL_PORT, 2, 0x2001);
        machine.partition.ports().write(0, HypercallPage.SIGNAL_PORT + 1, 4, 0x2001);
        assertEquals(0x12, machine.hypercall(SIGNAL | FAST, 7, 0));
        assertEquals(5, machine.hypercall(SIGNAL | FAST, 0x1_0000_2001L, 0));
        assertEquals(4, machine.hypercall(SIGNAL, BLOCK + 1, 0));
        assertEquals(5, machine.hypercall(SIGNAL, FakeMachine.RAM + 8, 0));
        assertEquals(0, signals.get());
    }

    @Test
    void unknownCodesAndOtherWidths() {
        assertEquals(2, machine.hypercall(0x46, 0, 0));
        assertEquals(2, machine.hypercall(0x8001, 0, BLOCK));
        assertEquals(0, machine.hypercall(0x8 | FAST, 100, 0));
        assertEquals(0xFF, machine.partition.ports().read(0, HypercallPage.CALL_PORT, 1));
        assertEquals(-1, machine.partition.ports().read(0, HypercallPage.SIGNAL_PORT, 4));
    }

    @Test
    void nobodyCallsFromUserModeOrWithoutThePage() throws MsrFault {
        machine.processor(0).privilege = 3;
        machine.partition.ports().write(0, HypercallPage.SIGNAL_PORT, 4, 0x2001);
        assertEquals(0xFFFF_FFFFL, machine.hypercall(SIGNAL | FAST, 0x2001, 0));
        machine.processor(0).privilege = 0;
        machine.hypervisor.write(0, SyntheticMsr.GUEST_OS_ID, 0);
        machine.partition.ports().write(0, HypercallPage.SIGNAL_PORT, 4, 0x2001);
        assertEquals(0xFFFF_FFFFL, machine.hypercall(SIGNAL | FAST, 0x2001, 0));
        assertEquals(0, signals.get());
    }

    @Test
    void thirtyTwoBitGuestsUseTheirRegisterPairs() {
        FakeMachine.FakeProcessor vp = machine.processor(0);
        vp.longMode = false;
        vp.registers[0] = SIGNAL | FAST;
        vp.registers[2] = 0;
        vp.registers[3] = 0;
        vp.registers[1] = 0x2001;
        assertEquals(0, machine.partition.ports().read(0, HypercallPage.CALL_PORT, 4));
        assertEquals(1, signals.get());
        vp.registers[2] = 1;
        assertEquals(3, machine.partition.ports().read(0, HypercallPage.CALL_PORT, 4));
        assertEquals(0, vp.registers[2]);
    }

    @Test
    void portsCloseAndIdsAreUnique() throws Exception {
        assertThrows(IllegalStateException.class, () -> synic.eventPort(0x2001, () -> {}));
        assertThrows(IllegalStateException.class, () -> synic.messagePort(CONNECTION, (type, payload) -> 0));
        AutoCloseable port = synic.eventPort(0x2002, signals::incrementAndGet);
        port.close();
        assertEquals(0x12, machine.hypercall(SIGNAL | FAST, 0x2002, 0));
        synic.eventPort(0x2002, signals::incrementAndGet);
        port.close();
        assertEquals(0, machine.hypercall(SIGNAL | FAST, 0x2002, 0), "closing twice leaves the next owner alone");
    }

    @Test
    void aBackendsDoorbellComesAndGoesWithItsPort() throws Exception {
        machine.offersDoorbells = true;
        AutoCloseable port = synic.eventPort(0x3000, signals::incrementAndGet);
        machine.doorbells.get(0x3000).run();
        assertEquals(1, signals.get());
        port.close();
        assertNull(machine.doorbells.get(0x3000));
    }

    @Test
    void noiseNeverThrows() {
        Random random = new Random(7);
        for (int i = 0; i < 20_000; i++) {
            long input = random.nextInt(4) == 0 ? random.nextLong() : random.nextInt(0x100) | (random.nextBoolean() ? FAST : 0);
            long block = random.nextBoolean() ? random.nextLong() : random.nextInt((int) FakeMachine.RAM) & ~7;
            long status = machine.hypercall(input, block, random.nextLong());
            assertTrue(status <= 0x19, "status " + status);
        }
    }
}
