package org.viridian.display.canvas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LayoutTest {
    @ParameterizedTest
    @CsvSource({
        "NATIVE,  640, 480, 1000, 1000, 640, 480",
        "NATIVE,  640, 480,  300,  200, 640, 480",
        "INTEGER, 640, 480, 1300, 1000, 1280, 960",
        "INTEGER, 640, 480, 1279, 1000, 640, 480",
        "INTEGER, 640, 480,  320,  240, 320, 240",
        "FIT,     640, 480, 1600, 1200, 1600, 1200",
        "FIT,     640, 480,  650,  487, 640, 480",
        "FIT,     640, 480,  960,  960, 960, 720",
        "FIT,    1024, 768,  512,  768, 512, 384",
    })
    void placesTheScreen(Scaling scaling, int w, int h, int roomWidth, int roomHeight, int width, int height) {
        Layout layout = Layout.of(scaling, w, h, roomWidth, roomHeight);
        assertEquals(width, layout.width());
        assertEquals(height, layout.height());
        assertEquals(Math.max(0, (roomWidth - width) / 2), layout.x());
        assertEquals(Math.max(0, (roomHeight - height) / 2), layout.y());
    }

    @Test
    void pointerReachesBothEdgesAndNothingBeyond() {
        Layout layout = Layout.of(Scaling.FIT, 800, 600, 1000, 600);
        assertEquals(100, layout.x());
        assertEquals(0, layout.across(0, 0x7FFF));
        assertEquals(0, layout.across(100, 0x7FFF));
        assertEquals(0x7FFF, layout.across(899.9, 0x7FFF));
        assertEquals(0x7FFF, layout.across(2000, 0x7FFF));
        int middle = layout.across(500, 0x7FFF);
        assertTrue(Math.abs(middle - 0x4000) < 40, "middle is " + middle);
    }
}
