package org.viridian.devices.emulated.serial;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.viridian.devices.emulated.BoardRig;

class Uart16550Test {
    private static final int BASE = 0x3F8;
    private final BoardRig rig = new BoardRig();
    private final OutputRing ring = new OutputRing(64);
    private final InputQueue input = new InputQueue();

    @BeforeEach
    void plugIn() {
        rig.initialisePics(0x0010);
        rig.board.serialPorts().get(0).output(ring);
        rig.board.serialPorts().get(0).input(input);
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private int reg(int register) {
        return rig.in(BASE + register);
    }

    private void reg(int register, int value) {
        rig.out(BASE + register, value);
    }

    private void type(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        assertEquals(bytes.length, input.offer(bytes, 0, bytes.length));
    }

    @Test
    void linuxAutoconfigFindsA16550A() {
        reg(1, 0x0F);
        assertEquals(0x0F, reg(1));
        reg(1, 0x00);
        assertEquals(0x00, reg(1));
        reg(7, 0x5A);
        assertEquals(0x5A, reg(7));
        reg(4, 0x1A);
        assertEquals(0x90, reg(6) & 0xF0);
        reg(4, 0);
        assertEquals(0xB0, reg(6) & 0xF0);
        reg(2, 0x01);
        assertEquals(0xC0, reg(2) & 0xC0);
        reg(3, 0xBF);
        assertTrue(reg(2) != 0, "the identification register, not an EFR");
        reg(3, 0x80);
        reg(0, 0x01);
        reg(1, 0x00);
        assertEquals(0x01, reg(0));
        reg(3, 0x03);
        reg(2, 0x21);
        assertEquals(0, reg(2) & 0x20, "no 64-byte FIFO");
    }

    @Test
    void enablingTheTransmitInterruptRaisesItEachTime() {
        for (int i = 0; i < 2; i++) {
            reg(1, 0x02);
            assertTrue(rig.intr);
            assertEquals(0x02, reg(2) & 0x0F);
            assertEquals(0x01, reg(2) & 0x0F, "reading the identification ends it");
            reg(1, 0x00);
            rig.acknowledge();
            rig.out(0x20, 0x20);
        }
    }

    @Test
    void sendingRaisesTheTransmitInterruptAgain() {
        reg(1, 0x02);
        reg(2);
        reg(0, 'A');
        assertEquals(0x02, reg(2) & 0x0F);
        assertEquals(0x60, reg(5) & 0x60);
        assertArrayEquals(new byte[] {'A'}, ring.since(0));
    }

    @Test
    void receiveInterruptComesAtTheTriggerAndTimesOutBelow() {
        reg(2, 0x81);
        reg(1, 0x01);
        type("abc");
        assertEquals(0x0C, reg(2) & 0x0F);
        type("defgh");
        assertEquals(0x04, reg(2) & 0x0F);
        StringBuilder got = new StringBuilder();
        while ((reg(5) & 1) != 0) {
            got.append((char) reg(0));
        }
        assertEquals("abcdefgh", got.toString());
        assertEquals(0x01, reg(2) & 0x0F);
    }

    @Test
    void fifoIsRefilledAsTheGuestReads() {
        reg(2, 0x01);
        String text = "0123456789".repeat(5);
        type(text);
        StringBuilder got = new StringBuilder();
        while ((reg(5) & 1) != 0) {
            got.append((char) reg(0));
        }
        assertEquals(text, got.toString());
    }

    @Test
    void lineStatusOutranksDataOutranksTransmitter() {
        reg(1, 0x07);
        type("x");
        rig.board.serialPorts().get(0).receiveBreak();
        assertEquals(0x06, reg(2) & 0x0F);
        assertTrue((reg(5) & 0x10) != 0, "break");
        assertEquals(0x04, reg(2) & 0x0F);
        reg(0);
        assertEquals(0x02, reg(2) & 0x0F);
        assertEquals(0x01, reg(2) & 0x0F);
    }

    @Test
    void loopBackReturnsDataAndCutsTheLine() {
        reg(4, 0x10);
        reg(0, 0x55);
        assertEquals(0x01, reg(5) & 0x01);
        assertEquals(0x55, reg(0));
        assertEquals(0, ring.end());
        type("z");
        assertEquals(0, reg(5) & 0x01);
        reg(4, 0x00);
        assertEquals('z', reg(0));
    }

    @Test
    void modemChangesAreReportedOnce() {
        reg(6);
        reg(4, 0x10);
        assertEquals(0x0B, reg(6) & 0x0F);
        assertEquals(0x00, reg(6) & 0x0F);
    }

    @Test
    void clearingTheReceiveFifoDropsItsBytes() {
        reg(2, 0x01);
        type("old");
        reg(2, 0x03);
        assertEquals(0, reg(5) & 1);
    }

    @Test
    void aReaderThatDoesNotReadNeverHoldsTheGuest() throws InterruptedException {
        CountDownLatch release = new CountDownLatch(1);
        OutputStream stuck = new OutputStream() {
            @Override
            public void write(int b) {
                try {
                    release.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        };
        try (StreamSink sink = new StreamSink("stuck", stuck, false)) {
            boolean accepted = true;
            for (int i = 0; i < 2_200_000 && accepted; i++) {
                accepted = sink.accept('x');
            }
            assertFalse(accepted, "a full buffer drops");
            release.countDown();
        }
    }

    @Test
    void streamSinkWritesEverythingBeforeItCloses() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (StreamSink sink = new StreamSink("test", out, false)) {
            for (int i = 0; i < 100_000; i++) {
                assertTrue(sink.accept(i & 0xFF));
            }
        }
        assertEquals(100_000, out.size());
    }

    @Test
    void ringKeepsTheLatest() {
        for (int i = 0; i < 100; i++) {
            ring.accept(i);
        }
        byte[] kept = ring.since(0);
        assertEquals(64, kept.length);
        assertEquals(99, kept[63]);
        assertEquals(1, ring.since(99).length);
    }
}
