package org.viridian.icons;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An icon to ask for by name. {@link #APP} is a picture in colours; all others are glyphs of one path on a 24×24 grid,
 * so that a window can draw them at any scale in the colour of its theme.
 *
 * <p>Thread rule: any thread.
 */
public enum Icon {
    /** The product. */
    APP,
    /** A VM that is off. */
    VM_OFF,
    /** A VM that runs. */
    VM_RUNNING,
    /** A VM that stands still. */
    VM_PAUSED,
    /** A VM whose definition cannot be read. */
    VM_DAMAGED,
    /** An emulated device: a chip. */
    EMULATED,
    /** A synthetic device: a bolt. */
    SYNTHETIC,
    /** Display adapter. */
    DISPLAY,
    /** Keyboard. */
    KEYBOARD,
    /** Mouse. */
    MOUSE,
    /** Storage controller or disk. */
    STORAGE,
    /** Network adapter. */
    NETWORK,
    /** System device. */
    SYSTEM,
    /** Serial or other port. */
    PORT,
    /** Integration service. */
    INTEGRATION;

    /** Width and height of a glyph's grid. */
    public static final int GRID = 24;

    private static final List<Integer> APP_SIZES = List.of(16, 24, 32, 48, 64, 128, 256);
    private static final List<Integer> GLYPH_SIZES = List.of(48);
    private static final Pattern PATH = Pattern.compile("<path[^>]* d=\"([^\"]+)\"");
    private static final ConcurrentHashMap<Icon, String> PATHS = new ConcurrentHashMap<>();

    /** The icon of a device type as {@code DeviceNode.type} names it; {@link #SYSTEM} for an unknown one. */
    public static Icon ofDeviceType(String type) {
        return switch (type) {
            case "display" -> DISPLAY;
            case "keyboard" -> KEYBOARD;
            case "mouse" -> MOUSE;
            case "storage" -> STORAGE;
            case "network" -> NETWORK;
            case "port" -> PORT;
            case "integration" -> INTEGRATION;
            default -> SYSTEM;
        };
    }

    /** The sizes in pixels there is a PNG of. */
    public List<Integer> sizes() {
        return this == APP ? APP_SIZES : GLYPH_SIZES;
    }

    /** The SVG source; the caller closes it. */
    public InputStream svg() {
        return open(fileName() + ".svg");
    }

    /** The PNG of one of {@link #sizes()}; the caller closes it. */
    public InputStream png(int size) {
        if (!sizes().contains(size)) {
            throw new IllegalArgumentException("no " + size + " pixel PNG of " + this);
        }
        return open(fileName() + "-" + size + ".png");
    }

    /** The path of a glyph as SVG path data on the {@link #GRID}, fill rule even-odd. Not for {@link #APP}. */
    public String path() {
        if (this == APP) {
            throw new IllegalArgumentException("the application icon is not a glyph");
        }
        return PATHS.computeIfAbsent(this, Icon::readPath);
    }

    private String readPath() {
        try (InputStream source = svg()) {
            Matcher path = PATH.matcher(new String(source.readAllBytes(), StandardCharsets.UTF_8));
            if (!path.find()) {
                throw new IllegalStateException("no path in the icon " + this);
            }
            return path.group(1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String fileName() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private InputStream open(String file) {
        InputStream stream = Icon.class.getResourceAsStream(file);
        if (stream == null) {
            throw new IllegalStateException("the icon file " + file + " is missing");
        }
        return stream;
    }
}
