package org.viridian.display.vga;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.viridian.display.surface.Frame;
import org.viridian.display.surface.Surface.Rect;
import org.viridian.engine.bus.MmioBus;
import org.viridian.engine.bus.PortBus;
import org.viridian.engine.clock.VmClock;

class VgaDeviceTest {
    private final ReentrantLock lock = new ReentrantLock();
    private final PortBus ports = new PortBus(lock);
    private final MmioBus mmio = new MmioBus(lock);
    private final VmClock clock = new VmClock("vga test", lock);
    private final VgaDevice vga = new VgaDevice(ports, mmio, clock, lock, true);

    @AfterEach
    void close() {
        clock.close();
    }

    private void indexed(int port, int index, int value) {
        ports.write(port, 2, value << 8 | index);
    }

    private int crtc(int index) {
        ports.write(0x3D4, 1, index);
        return ports.read(0x3D5, 1);
    }

    private void print(int row, int column, int attribute, String text) {
        for (int i = 0; i < text.length(); i++) {
            mmio.write(0xB8000 + 2 * (row * 80 + column + i), 2, attribute << 8 | text.charAt(i));
        }
    }

    private int pixel(int x, int y) {
        Frame frame = vga.frame();
        return frame.pixels().get(ValueLayout.JAVA_INT, (long) y * frame.stride() + 4L * x) & 0xFF_FFFF;
    }

    /** The picture of a cell as rows of marks. */
    private String cell(int column, int row, int foreground) {
        StringBuilder text = new StringBuilder();
        for (int y = 0; y < 16; y++) {
            for (int x = 0; x < 9; x++) {
                text.append(pixel(9 * column + x, 16 * row + y) == foreground ? '#' : '.');
            }
            text.append('\n');
        }
        return text.toString();
    }

    @Test
    void startsAsTextScreenOf720By400() {
        vga.takeDamage();
        Frame frame = vga.frame();
        assertEquals(720, frame.width());
        assertEquals(400, frame.height());
        assertEquals(25, vga.text().size());
        assertEquals(" ".repeat(80), vga.text().getFirst());
    }

    @Test
    void textIsWrittenThroughOddAndEvenAddresses() {
        print(0, 0, 0x1E, "Hello");
        print(24, 79, 0x07, "!");
        assertEquals("Hello", vga.text().getFirst().trim());
        assertEquals('!', vga.text().get(24).charAt(79));
        assertEquals(0x1E48, mmio.read(0xB8000, 2));
        assertEquals(0xFF, mmio.read(0xA0000, 1), "outside the window that GR06 selects");
    }

    @Test
    void cellsShowGlyphsInTheirColours() {
        print(1, 2, 0x1E, "L");
        indexed(0x3D4, 0x0A, 0x20);
        vga.takeDamage();
        String glyph = cell(2, 1, 0xFFFF55);
        assertEquals(10, glyph.lines().filter(line -> line.contains("#")).count());
        assertTrue(glyph.lines().anyMatch(line -> line.startsWith("#######")), glyph);
        assertEquals(0x0000AA, pixel(2 * 9 + 8, 16));
    }

    @Test
    void lineGraphicsReachIntoTheNinthDot() {
        print(0, 0, 0x07, "\u00C4\u00B3");
        vga.takeDamage();
        assertEquals(0xAAAAAA, pixel(8, 7));
        assertEquals(0, pixel(9 + 8, 7));
    }

    @Test
    void damageIsTheChangedCellsOnly() {
        assertEquals(new Rect(0, 0, 720, 400), vga.takeDamage());
        assertNull(vga.takeDamage());
        print(3, 10, 0x07, "ab");
        print(5, 8, 0x07, "c");
        assertEquals(new Rect(8 * 9, 3 * 16, 4 * 9, 3 * 16), vga.takeDamage());
        print(5, 8, 0x07, "c");
        assertNull(vga.takeDamage());
    }

    @Test
    void consumerIsWokenOnceWhenItHasSeenEverything() {
        List<String> wakes = new ArrayList<>();
        vga.onDamage(() -> wakes.add("wake"));
        while (vga.takeDamage() != null) {
            wakes.clear();
        }
        print(0, 0, 0x07, "abc");
        assertEquals(1, wakes.size());
        assertNotNull(vga.takeDamage());
        print(0, 0, 0x07, "def");
        assertEquals(1, wakes.size(), "the consumer is still asking");
        assertNotNull(vga.takeDamage());
        assertNull(vga.takeDamage());
        print(0, 0, 0x07, "ghi");
        assertEquals(2, wakes.size());
    }

    @Test
    void bypassedItWakesNobodyAndComesBackWhole() {
        List<String> wakes = new ArrayList<>();
        vga.takeDamage();
        vga.takeDamage();
        vga.onDamage(() -> wakes.add("wake"));
        vga.setBypassed(true, "test");
        print(0, 0, 0x07, "while away");
        assertEquals(List.of(), wakes);
        vga.setBypassed(false, "test");
        assertEquals(List.of("wake"), wakes);
        assertNotNull(vga.takeDamage());
        assertEquals("while away", vga.text().getFirst().trim());
    }

    @Test
    void cursorStandsWhereTheCrtcSaysAndHidesWhenSwitchedOff() {
        indexed(0x3D4, 0x0E, 0);
        indexed(0x3D4, 0x0F, 81);
        vga.takeDamage();
        assertEquals(0xAAAAAA, pixel(9, 16 + 14));
        assertEquals(0, pixel(9, 16 + 12));
        indexed(0x3D4, 0x0A, 0x2D);
        vga.takeDamage();
        assertEquals(0, pixel(9, 16 + 14));
    }

    @Test
    void startAddressScrolls() {
        print(1, 0, 0x07, "second");
        indexed(0x3D4, 0x0D, 80);
        assertEquals("second", vga.text().getFirst().trim());
    }

    @Test
    void fontsAreLoadedThroughPlaneTwo() {
        indexed(0x3C4, 2, 4);
        indexed(0x3C4, 4, 7);
        indexed(0x3CE, 4, 2);
        indexed(0x3CE, 5, 0);
        indexed(0x3CE, 6, 4);
        for (int row = 0; row < 16; row++) {
            assertTrue(row > 1 || mmio.read(0xA0000 + 32 * 'A' + row, 1) == 0, "the built-in A starts below");
            mmio.write(0xA0000 + 32 * 'A' + row, 1, 0xAA);
        }
        indexed(0x3C4, 2, 3);
        indexed(0x3C4, 4, 2);
        indexed(0x3CE, 4, 0);
        indexed(0x3CE, 5, 0x10);
        indexed(0x3CE, 6, 0x0E);
        print(0, 1, 0x07, "A");
        vga.takeDamage();
        assertEquals("#.#.#.#..\n".repeat(16), cell(1, 0, 0xAAAAAA));
    }

    private void planar() {
        indexed(0x3C4, 2, 0x0F);
        indexed(0x3C4, 4, 6);
        indexed(0x3CE, 5, 0);
        indexed(0x3CE, 6, 5);
    }

    private int plane(int plane, int address) {
        indexed(0x3CE, 4, plane);
        return (int) mmio.read(0xA0000 + address, 1);
    }

    @Test
    void writeModesOfTheGraphicsController() {
        planar();
        mmio.write(0xA0000, 1, 0x5A);
        assertEquals(0x5A, plane(3, 0));
        indexed(0x3CE, 0, 0x05);
        indexed(0x3CE, 1, 0x0F);
        indexed(0x3CE, 8, 0xF0);
        plane(0, 0);
        mmio.write(0xA0000, 1, 0x00);
        assertEquals(0xFA, plane(0, 0), "set/reset in the upper half, latch below");
        assertEquals(0x0A, plane(1, 0));
        indexed(0x3CE, 1, 0);
        indexed(0x3CE, 5, 1);
        mmio.write(0xA0010, 1, 0);
        assertEquals(0x0A, plane(1, 16), "mode 1 copies the latch");
        indexed(0x3CE, 5, 2);
        indexed(0x3CE, 8, 0xFF);
        mmio.write(0xA0020, 1, 0x09);
        assertEquals(0xFF, plane(0, 32));
        assertEquals(0x00, plane(1, 32));
        assertEquals(0xFF, plane(3, 32));
        indexed(0x3CE, 5, 3);
        indexed(0x3CE, 3, 4);
        plane(0, 32);
        mmio.write(0xA0020, 1, 0xF0);
        assertEquals(0xFF, plane(0, 32), "rotated mask 0F, set/reset 5, rest from the latch");
        assertEquals(0x0F, plane(2, 32));
        assertEquals(0xF0, plane(3, 32));
        indexed(0x3CE, 3, 0x18);
        indexed(0x3CE, 5, 0);
        plane(0, 32);
        mmio.write(0xA0020, 1, 0xFF);
        assertEquals(0x00, plane(0, 32), "exclusive or with the latch");
    }

    @Test
    void readModeOneComparesColours() {
        planar();
        indexed(0x3CE, 5, 2);
        mmio.write(0xA0000, 1, 0x0F);
        indexed(0x3CE, 5, 0);
        indexed(0x3CE, 8, 0xF0);
        indexed(0x3CE, 0, 0x03);
        indexed(0x3CE, 1, 0x0F);
        mmio.read(0xA0000, 1);
        mmio.write(0xA0000, 1, 0);
        indexed(0x3CE, 5, 8);
        indexed(0x3CE, 2, 0x03);
        indexed(0x3CE, 7, 0x0F);
        assertEquals(0xF0, mmio.read(0xA0000, 1));
        indexed(0x3CE, 7, 0x03);
        assertEquals(0xFF, mmio.read(0xA0000, 1));
    }

    @Test
    void mode13hShowsOneByteAsOnePixel() {
        indexed(0x3C4, 4, 0x0E);
        indexed(0x3C4, 2, 0x0F);
        indexed(0x3CE, 5, 0x40);
        indexed(0x3CE, 6, 0x05);
        indexed(0x3D4, 0x09, 0x41);
        ports.read(0x3DA, 1);
        ports.write(0x3C0, 1, 0x30);
        ports.write(0x3C0, 1, 0x41);
        ports.write(0x3C8, 1, 200);
        ports.write(0x3C9, 1, 63);
        ports.write(0x3C9, 1, 32);
        ports.write(0x3C9, 1, 0);
        mmio.write(0xA0000 + 320 * 100 + 7, 2, 200);
        vga.takeDamage();
        assertEquals(320, vga.frame().width());
        assertEquals(200, vga.frame().height());
        assertEquals(0xFF8200, pixel(7, 100));
        assertEquals(0, pixel(8, 100));
        assertEquals(List.of(), vga.text());
    }

    @Test
    void timingsAreLockedExceptLineCompare() {
        indexed(0x3D4, 0x00, 0x11);
        assertEquals(0x5F, crtc(0));
        indexed(0x3D4, 0x07, 0x00);
        assertEquals(0x0F, crtc(7));
        indexed(0x3D4, 0x11, 0x0E);
        indexed(0x3D4, 0x00, 0x11);
        assertEquals(0x11, crtc(0));
    }

    @Test
    void statusReadResetsTheAttributeFlipFlopAndTimeMovesItsBits() {
        ports.write(0x3C0, 1, 0x31);
        ports.read(0x3DA, 1);
        ports.write(0x3C0, 1, 0x31);
        ports.write(0x3C0, 1, 0x05);
        ports.read(0x3DA, 1);
        ports.write(0x3C0, 1, 0x31);
        assertEquals(0x05, ports.read(0x3C1, 1));
        int seen = 0;
        for (long t = 0; t < 15_000_000; t += 10_000) {
            clock.restore(t);
            seen |= 1 << (ports.read(0x3DA, 1) & 0x09);
        }
        assertEquals(1 | 1 << 1 | 1 << 9, seen);
    }

    @Test
    void switchedOffScreenHasNoFrame() {
        indexed(0x3C4, 1, 0x20);
        assertNull(vga.takeDamage());
        assertNull(vga.frame());
        indexed(0x3C4, 1, 0x00);
        assertEquals(new Rect(0, 0, 720, 400), vga.takeDamage());
    }

    @Test
    void savedStateBringsThePictureBack() {
        print(0, 0, 0x07, "kept");
        Record saved = vga.save();
        vga.reset();
        assertEquals("", vga.text().getFirst().trim());
        vga.restore(saved);
        assertEquals("kept", vga.text().getFirst().trim());
    }

    @Test
    void everyAddressOfTheWindowAnswersInEveryWidthAndMap() {
        for (int map = 0; map < 4; map++) {
            indexed(0x3CE, 6, map << 2);
            for (long address = 0xA0000; address < 0xC0000; address++) {
                int size = 1 << (address & 3);
                mmio.write(address, size, -1L);
                mmio.read(address, size);
            }
        }
        assertEquals(0xFF, mmio.read(0xBFFFF, 1));
    }

    /** A guest that writes anything anywhere while the picture is being drawn. */
    @Test
    void garbageNeverThrows() {
        Random random = new Random(7);
        for (int i = 0; i < 200_000; i++) {
            int port = 0x3B0 + random.nextInt(0x30);
            long address = 0xA0000 + random.nextInt(0x20000);
            switch (random.nextInt(5)) {
                case 0 -> ports.read(port, 1 << random.nextInt(3));
                case 1, 2 -> ports.write(port, 1 << random.nextInt(3), random.nextInt());
                case 3 -> mmio.read(address, 1 << random.nextInt(4));
                default -> mmio.write(address, 1 << random.nextInt(4), random.nextLong());
            }
            if (i % 1000 == 0) {
                vga.takeDamage();
                vga.text();
            }
            if (i % 20_000 == 0) {
                vga.restore(vga.save());
                vga.reset();
            }
        }
    }
}
