package org.viridian.display.vga;

import java.util.Arrays;
import org.viridian.engine.clock.VmClock;

/**
 * The registers of a VGA behind ports 3B4–3DA (IBM VGA XGA Technical Reference, chapter 2): indexed groups, DAC, status.
 *
 * <p>Thread rule: changed under the device lock; the renderer reads without it and tolerates a mode half set.
 */
final class VgaRegisters {
    /** A full set of values. */
    record State(int misc, int feature, byte[] sequencer, byte[] graphics, byte[] attribute, byte[] crtc, byte[] dac, int dacMask,
            int dacRead, int dacWrite, int dacPhase, int dacMode, int sequencerIndex, int graphicsIndex, int crtcIndex,
            int attributeIndex, boolean attributeData) {}

    static final int DAC_BYTES = 768;

    private static final int CRTC_LOCK = 0x80;
    private static final int CRTC_REGISTERS = 25;
    private static final int GRAPHICS_REGISTERS = 9;
    private static final int SEQUENCER_REGISTERS = 5;
    private static final int ATTRIBUTE_REGISTERS = 21;
    /** 70 Hz with 449 lines, as in the 400-line modes. */
    private static final long FRAME_NANOS = 14_268_000;
    private static final long LINE_NANOS = FRAME_NANOS / 449;
    private static final long DISPLAY_NANOS = LINE_NANOS * 400;
    private static final long RETRACE_START = LINE_NANOS * 412;
    private static final long RETRACE_END = LINE_NANOS * 414;

    private final VmClock clock;

    // Volatile state.
    private int misc;
    private int feature;
    final byte[] sequencer = new byte[8];
    final byte[] graphics = new byte[16];
    final byte[] attribute = new byte[32];
    final byte[] crtc = new byte[CRTC_REGISTERS];
    final byte[] dac = new byte[DAC_BYTES];
    private int dacMask;
    private int dacRead;
    private int dacWrite;
    private int dacPhase;
    private int dacMode;
    private int sequencerIndex;
    private int graphicsIndex;
    private int crtcIndex;
    private int attributeIndex;
    private boolean attributeData;

    VgaRegisters(VmClock clock) {
        this.clock = clock;
        clear();
    }

    void clear() {
        misc = feature = dacRead = dacWrite = dacPhase = dacMode = 0;
        sequencerIndex = graphicsIndex = crtcIndex = attributeIndex = 0;
        attributeData = false;
        dacMask = 0xFF;
        for (byte[] group : new byte[][] {sequencer, graphics, attribute, crtc, dac}) {
            Arrays.fill(group, (byte) 0);
        }
    }

    /** What a video BIOS leaves behind: 80 by 25 text in 9x16 cells, the sixteen colours. */
    void textMode() {
        clear();
        misc = 0x67;
        load(sequencer, 0x03, 0x00, 0x03, 0x00, 0x02);
        load(crtc, 0x5F, 0x4F, 0x50, 0x82, 0x55, 0x81, 0xBF, 0x1F, 0x00, 0x4F, 0x0D, 0x0E, 0x00, 0x00, 0x00, 0x00, 0x9C, 0x8E,
                0x8F, 0x28, 0x1F, 0x96, 0xB9, 0xA3, 0xFF);
        load(graphics, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0E, 0x00, 0xFF);
        load(attribute, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3A, 0x3B, 0x3C, 0x3D, 0x3E, 0x3F, 0x0C, 0x00,
                0x0F, 0x08, 0x00);
        attributeIndex = 0x20;
        for (int i = 0; i < 64; i++) {
            // Bits rgbRGB of an EGA colour: a third and two thirds of full intensity.
            dac[3 * i] = (byte) ((i >> 2 & 1) * 42 + (i >> 5 & 1) * 21);
            dac[3 * i + 1] = (byte) ((i >> 1 & 1) * 42 + (i >> 4 & 1) * 21);
            dac[3 * i + 2] = (byte) ((i & 1) * 42 + (i >> 3 & 1) * 21);
        }
    }

    private static void load(byte[] group, int... values) {
        for (int i = 0; i < values.length; i++) {
            group[i] = (byte) values[i];
        }
    }

    /** True when the processor may reach video memory. */
    boolean memoryEnabled() {
        return (misc & 0x02) != 0;
    }

    /** True when the display shows something: sequencer running, palette not held by the processor. */
    boolean displaying() {
        return (sequencer[1] & 0x20) == 0 && (attributeIndex & 0x20) != 0 && (crtc[0x17] & 0x80) != 0;
    }

    int dacMask() {
        return dacMask;
    }

    /** The CRTC answers at 3Dx in colour and at 3Bx in monochrome. */
    private boolean selected(int port) {
        return port >= 0x3D0 == ((misc & 1) != 0);
    }

    int read(int port) {
        return switch (port) {
            case 0x3C0 -> attributeIndex;
            case 0x3C1 -> attribute[attributeIndex & 0x1F] & 0xFF;
            case 0x3C2 -> 0x10;
            case 0x3C3 -> 0x01;
            case 0x3C4 -> sequencerIndex;
            case 0x3C5 -> sequencer[sequencerIndex & 7] & 0xFF;
            case 0x3C6 -> dacMask;
            case 0x3C7 -> dacMode;
            case 0x3C8 -> dacWrite;
            case 0x3C9 -> readDac();
            case 0x3CA -> feature;
            case 0x3CC -> misc;
            case 0x3CE -> graphicsIndex;
            case 0x3CF -> graphics[graphicsIndex & 15] & 0xFF;
            case 0x3B4, 0x3D4 -> selected(port) ? crtcIndex : 0xFF;
            case 0x3B5, 0x3D5 -> selected(port) ? crtcIndex < CRTC_REGISTERS ? crtc[crtcIndex] & 0xFF : 0 : 0xFF;
            case 0x3BA, 0x3DA -> selected(port) ? status() : 0xFF;
            default -> 0xFF;
        };
    }

    private int status() {
        attributeData = false;
        long inFrame = clock.nanoTime() % FRAME_NANOS;
        boolean blank = inFrame >= DISPLAY_NANOS || inFrame % LINE_NANOS >= LINE_NANOS * 4 / 5;
        boolean retrace = inFrame >= RETRACE_START && inFrame < RETRACE_END;
        return (blank ? 0x01 : 0) | (retrace ? 0x08 : 0);
    }

    private int readDac() {
        int value = dac[3 * dacRead + dacPhase] & 0x3F;
        if (++dacPhase == 3) {
            dacPhase = 0;
            dacRead = dacRead + 1 & 0xFF;
        }
        return value;
    }

    /** Writes a register; true when the picture may have changed. */
    boolean write(int port, int value) {
        switch (port) {
            case 0x3C0 -> writeAttribute(value);
            case 0x3C2 -> misc = value;
            case 0x3C4 -> sequencerIndex = value;
            case 0x3C5 -> {
                if ((sequencerIndex & 7) < SEQUENCER_REGISTERS) {
                    sequencer[sequencerIndex & 7] = (byte) value;
                }
            }
            case 0x3C6 -> dacMask = value;
            case 0x3C7 -> {
                dacRead = value;
                dacPhase = 0;
                dacMode = 3;
            }
            case 0x3C8 -> {
                dacWrite = value;
                dacPhase = 0;
                dacMode = 0;
            }
            case 0x3C9 -> {
                dac[3 * dacWrite + dacPhase] = (byte) (value & 0x3F);
                if (++dacPhase == 3) {
                    dacPhase = 0;
                    dacWrite = dacWrite + 1 & 0xFF;
                }
            }
            case 0x3CE -> graphicsIndex = value;
            case 0x3CF -> {
                if ((graphicsIndex & 15) < GRAPHICS_REGISTERS) {
                    graphics[graphicsIndex & 15] = (byte) value;
                }
            }
            case 0x3B4, 0x3D4 -> {
                if (selected(port)) {
                    crtcIndex = value;
                }
            }
            case 0x3B5, 0x3D5 -> {
                if (selected(port)) {
                    writeCrtc(value);
                }
            }
            case 0x3BA, 0x3DA -> {
                if (selected(port)) {
                    feature = value;
                }
            }
            default -> {
                return false;
            }
        }
        return port != 0x3C4 && port != 0x3CE && port != 0x3D4 && port != 0x3B4;
    }

    private void writeAttribute(int value) {
        if (!attributeData) {
            attributeIndex = value & 0x3F;
        } else {
            int index = attributeIndex & 0x1F;
            if (index < ATTRIBUTE_REGISTERS) {
                attribute[index] = (byte) value;
            }
        }
        attributeData = !attributeData;
    }

    private void writeCrtc(int value) {
        if (crtcIndex >= CRTC_REGISTERS) {
            return;
        }
        if (crtcIndex <= 7 && (crtc[0x11] & CRTC_LOCK) != 0) {
            // Locked timings; only the line compare bit in CR07 stays open.
            if (crtcIndex == 7) {
                crtc[7] = (byte) (crtc[7] & ~0x10 | value & 0x10);
            }
            return;
        }
        crtc[crtcIndex] = (byte) value;
    }

    State save() {
        return new State(misc, feature, sequencer.clone(), graphics.clone(), attribute.clone(), crtc.clone(), dac.clone(), dacMask,
                dacRead, dacWrite, dacPhase, dacMode, sequencerIndex, graphicsIndex, crtcIndex, attributeIndex, attributeData);
    }

    void restore(State s) {
        copy(s.sequencer, sequencer);
        copy(s.graphics, graphics);
        copy(s.attribute, attribute);
        copy(s.crtc, crtc);
        copy(s.dac, dac);
        misc = s.misc & 0xFF;
        feature = s.feature & 0xFF;
        dacMask = s.dacMask & 0xFF;
        dacRead = s.dacRead & 0xFF;
        dacWrite = s.dacWrite & 0xFF;
        dacPhase = Math.clamp(s.dacPhase, 0, 2);
        dacMode = s.dacMode & 3;
        sequencerIndex = s.sequencerIndex & 0xFF;
        graphicsIndex = s.graphicsIndex & 0xFF;
        crtcIndex = s.crtcIndex & 0xFF;
        attributeIndex = s.attributeIndex & 0x3F;
        attributeData = s.attributeData;
    }

    private static void copy(byte[] from, byte[] to) {
        if (from == null || from.length != to.length) {
            throw new IllegalArgumentException("VGA register group of %d bytes expected".formatted(to.length));
        }
        System.arraycopy(from, 0, to, 0, to.length);
    }
}
