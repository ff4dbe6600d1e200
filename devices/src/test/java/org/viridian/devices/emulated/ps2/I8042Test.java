package org.viridian.devices.emulated.ps2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.viridian.devices.emulated.BoardRig;
import org.viridian.devices.input.ScanCode;
import org.viridian.engine.device.DeviceState;

class I8042Test {
    private final BoardRig rig = new BoardRig();

    @AfterEach
    void close() {
        rig.close();
    }

    private void command(int value) {
        rig.out(0x64, value);
    }

    private void data(int value) {
        rig.out(0x60, value);
    }

    private int status() {
        return rig.in(0x64);
    }

    /** Everything the controller has to say; mouse bytes with 100 added. */
    private List<Integer> drain() {
        List<Integer> bytes = new ArrayList<>();
        while ((status() & 1) != 0) {
            int aux = (status() & 0x20) != 0 ? 0x100 : 0;
            bytes.add(rig.in(0x60) | aux);
        }
        return bytes;
    }

    private List<Integer> mouse(int... bytes) {
        for (int value : bytes) {
            command(0xD4);
            data(value);
        }
        return drain();
    }

    private List<Integer> keyboard(int... bytes) {
        for (int value : bytes) {
            data(value);
        }
        return drain();
    }

    @Test
    void selfTestsPass() {
        assertEquals(List.of(), drain());
        command(0xAA);
        assertEquals(List.of(0x55), drain());
        command(0xAB);
        assertEquals(List.of(0x00), drain());
        command(0xA9);
        assertEquals(List.of(0x00), drain());
        assertEquals(0x04, status() & 0x04);
    }

    @Test
    void linuxProbesTheCommandByteAndTheAuxPort() {
        command(0x20);
        int first = drain().getFirst();
        command(0x20);
        assertEquals(first, drain().getFirst());
        command(0xD3);
        data(0x5A);
        assertEquals(List.of(0x15A), drain());
        command(0xA7);
        command(0x20);
        assertEquals(0x20, drain().getFirst() & 0x20);
        command(0xA8);
        command(0x20);
        assertEquals(0x00, drain().getFirst() & 0x20);
        for (int value : new int[] {0xF0, 0x56, 0xA4}) {
            command(0xD3);
            data(value);
            assertEquals(List.of(0x100 | value), drain(), "not a multiplexer");
        }
    }

    @Test
    void auxLoopRaisesIrq12() {
        rig.initialisePics(0x1004);
        command(0x60);
        data(0x47);
        command(0xD3);
        data(0xA5);
        assertTrue(rig.intr);
        assertEquals(0x2C, rig.acknowledge());
        assertEquals(List.of(0x1A5), drain());
    }

    @Test
    void keyboardIdentifiesItselfThroughTranslation() {
        assertEquals(List.of(0xFA, 0xAB, 0x41), keyboard(0xF2));
        assertEquals(List.of(0xFA, 0xAA), keyboard(0xFF));
        assertEquals(List.of(0xFA, 0xFA), keyboard(0xED, 0x02));
        assertEquals(List.of(0xFA, 0xFA), keyboard(0xF3, 0x00));
        assertEquals(List.of(0xEE), keyboard(0xEE));
        assertEquals(List.of(0xFE), keyboard(0xE1));
    }

    @Test
    void keysArriveInSet1WithInterrupt() {
        rig.initialisePics(0x0002);
        rig.board.keyboard().key(0x1E, true);
        assertEquals(0x21, rig.acknowledge());
        rig.out(0x20, 0x20);
        rig.board.keyboard().key(0x1E, false);
        rig.board.keyboard().key(ScanCode.E0 | 0x48, true);
        rig.board.keyboard().key(ScanCode.E0 | 0x48, false);
        assertEquals(List.of(0x1E, 0x9E, 0xE0, 0x48, 0xE0, 0xC8), drain());
        assertTrue(rig.intr, "each byte is an edge");
    }

    @Test
    void pauseIsTheSixByteSequence() {
        rig.board.keyboard().key(ScanCode.E1 | 0x1D, true);
        rig.board.keyboard().key(ScanCode.E1 | 0x1D, false);
        assertEquals(List.of(0xE1, 0x1D, 0x45, 0xE1, 0x9D, 0xC5), drain());
    }

    @Test
    void everySet1KeySurvivesTheWayThroughSet2() {
        for (int code = 1; code < 0x80; code++) {
            if (ScanCodeTables.toSet2(code) != 0) {
                rig.board.keyboard().key(code, true);
                rig.board.keyboard().key(code, false);
                assertEquals(List.of(code, code | 0x80), drain());
            }
        }
        assertEquals(0x1C, ScanCodeTables.toSet2(0x1E), "A");
        assertEquals(0x5A, ScanCodeTables.toSet2(0x1C), "Enter");
        assertEquals(0x83, ScanCodeTables.toSet2(0x41), "F7");
        assertEquals(0x78, ScanCodeTables.toSet2(0x57), "F11");
        assertEquals(0x66, ScanCodeTables.toSet2(0x0E), "Backspace");
    }

    @Test
    void withoutTranslationSet2Arrives() {
        command(0x60);
        data(0x05);
        rig.board.keyboard().key(0x1E, true);
        rig.board.keyboard().key(0x1E, false);
        assertEquals(List.of(0x1C, 0xF0, 0x1C), drain());
    }

    @Test
    void setOneNeedsNoTranslation() {
        command(0x60);
        data(0x05);
        assertEquals(List.of(0xFA, 0xFA), keyboard(0xF0, 0x01));
        assertEquals(List.of(0xFA, 0xFA, 0x01), keyboard(0xF0, 0x00));
        rig.board.keyboard().key(0x1E, true);
        rig.board.keyboard().key(0x1E, false);
        assertEquals(List.of(0x1E, 0x9E), drain());
    }

    @Test
    void disabledKeyboardKeepsItsBytes() {
        command(0xAD);
        rig.board.keyboard().key(0x1E, true);
        assertEquals(List.of(), drain());
        command(0xAE);
        assertEquals(List.of(0x1E), drain());
    }

    @Test
    void scanningStopsAndResumes() {
        keyboard(0xF5);
        rig.board.keyboard().key(0x1E, true);
        assertFalse(rig.board.keyboard().ready());
        assertEquals(List.of(0xFA), keyboard(0xF4));
        rig.board.keyboard().key(0x1F, true);
        assertEquals(List.of(0x1F), drain());
    }

    @Test
    void keysTypedBeforeTheDriverComesAreFlushedInSixteenReads() {
        for (int i = 0; i < 40; i++) {
            rig.board.keyboard().key(ScanCode.E0 | 0x48, true);
            rig.board.keyboard().key(ScanCode.E0 | 0x48, false);
        }
        List<Integer> bytes = drain();
        assertTrue(bytes.size() <= 16, "Linux takes a controller with more for a broken one");
        for (int i = 0; i + 1 < bytes.size(); i += 2) {
            assertEquals(0xE0, bytes.get(i), "whole keys only");
        }
        command(0x20);
        assertEquals(1, drain().size());
    }

    @Test
    void textTypedFasterThanTheGuestReadsArrivesWhole() throws InterruptedException {
        for (int i = 0; i < 100; i++) {
            rig.board.keyboard().key(0x02 + i % 8, true);
            rig.board.keyboard().key(0x02 + i % 8, false);
        }
        List<Integer> bytes = new ArrayList<>();
        assertTrue(rig.runUntil(() -> {
            bytes.addAll(drain());
            return bytes.size() >= 200;
        }));
        for (int i = 0; i < 200; i += 2) {
            assertEquals(0x02 + i / 2 % 8, bytes.get(i));
            assertEquals(0x82 + i / 2 % 8, bytes.get(i + 1));
        }
    }

    @Test
    void mouseKnocksTurnItIntoAnExplorer() {
        assertEquals(List.of(0x1FA, 0x1AA, 0x100), mouse(0xFF));
        assertEquals(List.of(0x1FA, 0x100), mouse(0xF2));
        mouse(0xF3, 200, 0xF3, 100, 0xF3, 80);
        assertEquals(List.of(0x1FA, 0x103), mouse(0xF2));
        mouse(0xF3, 200, 0xF3, 200, 0xF3, 80);
        assertEquals(List.of(0x1FA, 0x104), mouse(0xF2));
    }

    @Test
    void statusRequestShowsModeResolutionAndRate() {
        assertEquals(List.of(0x1FA, 0x100, 0x102, 0x164), mouse(0xE9));
        mouse(0xE8, 3, 0xF3, 40, 0xE7, 0xF4);
        assertEquals(List.of(0x1FA, 0x130, 0x103, 0x128), mouse(0xE9));
    }

    @Test
    void positionsBecomeMovements() {
        mouse(0xF4);
        rig.board.mouse().screenSize(100, 100);
        rig.board.mouse().pointer(0, 0, 0, 0);
        assertEquals(List.of(), drain(), "the first position moves nothing");
        rig.board.mouse().pointer(0x7FFF / 2, 0x7FFF / 4 + 1, 1, 0);
        assertEquals(List.of(0x129, 0x100 | 49, 0x100 | -25 & 0xFF), drain());
        rig.board.mouse().pointer(0x7FFF / 2, 0x7FFF / 4 + 1, 0, 0);
        assertEquals(List.of(0x108, 0x100, 0x100), drain());
    }

    @Test
    void longMovementsAreSplitAndSlowReadersLoseNothing() {
        mouse(0xF4);
        for (int i = 0; i < 100; i++) {
            rig.board.mouse().relative(10, 0, 0, 0);
        }
        List<Integer> bytes = drain();
        int sum = 0;
        for (int i = 0; i < bytes.size(); i += 3) {
            sum += bytes.get(i + 1) & 0xFF;
        }
        assertEquals(1000, sum);
        assertTrue(bytes.size() < 100);
    }

    @Test
    void wheelAndSideButtonsFollowTheProtocol() {
        mouse(0xF3, 200, 0xF3, 100, 0xF3, 80, 0xF4);
        rig.board.mouse().relative(0, 0, 0, 1);
        assertEquals(List.of(0x108, 0x100, 0x100, 0x1FF), drain());
        rig.board.mouse().relative(0, 0, 0x08, 0);
        assertEquals(List.of(), drain(), "an IntelliMouse has three buttons");
        mouse(0xF3, 200, 0xF3, 200, 0xF3, 80);
        rig.board.mouse().relative(0, 0, 0x18, -1);
        assertEquals(List.of(0x108, 0x100, 0x100, 0x131), drain());
    }

    @Test
    void remoteModeWaitsToBeAsked() {
        mouse(0xF0, 0xF4);
        rig.board.mouse().relative(3, 0, 0, 0);
        assertEquals(List.of(), drain());
        assertEquals(List.of(0x1FA, 0x108, 0x103, 0x100), mouse(0xEB));
    }

    @Test
    void bypassedDevicesTakeNothingAndComeBack() {
        mouse(0xF4);
        keyboard(0xF4);
        rig.board.keyboard().setBypassed(true, "test");
        rig.board.mouse().setBypassed(true, "test");
        assertEquals(DeviceState.BYPASSED, rig.board.keyboard().node().state());
        rig.board.keyboard().key(0x1E, true);
        rig.board.mouse().relative(1, 1, 1, 0);
        assertEquals(List.of(), drain());
        assertFalse(rig.board.keyboard().ready());
        rig.board.reset();
        assertEquals(DeviceState.BYPASSED, rig.board.keyboard().node().state());
        rig.board.keyboard().setBypassed(false, "test");
        assertEquals(DeviceState.IDLE, rig.board.keyboard().node().state());
        rig.board.keyboard().key(0x1E, true);
        assertEquals(List.of(0x1E), drain());
    }

    @Test
    void waysToReset() {
        command(0xFE);
        command(0xD1);
        data(0xFE);
        rig.out(0x92, 0x01);
        rig.out(0xCF9, 0x02);
        rig.out(0xCF9, 0x06);
        assertEquals(List.of("reset", "reset", "reset", "reset"), rig.power);
        assertEquals(List.of(), drain());
    }
}
