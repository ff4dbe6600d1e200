package org.viridian.icons;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class IconTest {
    private static final byte[] PNG = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

    @ParameterizedTest
    @EnumSource(Icon.class)
    void everySizeIsAPngOfThatSize(Icon icon) throws IOException {
        for (int size : icon.sizes()) {
            try (InputStream stream = icon.png(size)) {
                byte[] file = stream.readAllBytes();
                assertArrayEquals(PNG, Arrays.copyOf(file, PNG.length));
                assertEquals(size, ByteBuffer.wrap(file).getInt(16));
                assertEquals(size, ByteBuffer.wrap(file).getInt(20));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = Icon.class, names = "APP", mode = EnumSource.Mode.EXCLUDE)
    void everyGlyphHasAPath(Icon icon) {
        assertTrue(icon.path().startsWith("M"), icon.path());
    }
}
