package org.viridian.devices.emulated.isa;

import java.util.function.LongSupplier;
import org.viridian.devices.emulated.BytePortDevice;
import org.viridian.engine.bus.PortBus;

/**
 * The two 8237A and their page registers as what a machine without ISA DMA devices needs: address and count registers
 * that hold 16 bits behind a byte flip-flop, mask and storage. Port 80 holds the POST code that firmware shows.
 */
public final class DmaController extends BytePortDevice {
    private static final int POST = 0x80;

    /** Volatile state. */
    public record State(int[] words, boolean[] high, int[] masks, byte[] pages) {}

    // Volatile.
    /** Address and count of channels 0–3 (0–7) and 4–7 (8–15). */
    private final int[] words = new int[16];
    private final boolean[] high = new boolean[2];
    private final int[] masks = {15, 15};
    private final byte[] pages = new byte[16];

    /** @param clock nanoseconds since power-on */
    public DmaController(LongSupplier clock) {
        super("dma", "8237A DMA controllers", "system", clock);
        node().resource("ports", () -> "0000-000f, 0080-008f, 00c0-00df");
        node().resource("post-code", () -> "%02x".formatted(pages[0] & 0xFF));
    }

    /** Registers the ports. */
    public void attach(PortBus ports) {
        ports.register(0x00, 16, this);
        ports.register(POST, 16, this);
        ports.register(0xC0, 32, this);
    }

    /** The controller and register (0–15) behind a port, as {@code controller << 4 | register}, or -1. */
    private static int register(int port) {
        if (port < 0x10) {
            return port;
        }
        return port >= 0xC0 && port < 0xE0 ? 0x10 | port - 0xC0 >> 1 : -1;
    }

    @Override
    protected int readByte(int port) {
        if (port >= POST && port < POST + 16) {
            return pages[port - POST] & 0xFF;
        }
        int register = register(port);
        if (register < 0) {
            return 0xFF;
        }
        int controller = register >> 4;
        int index = register & 15;
        if (index < 8) {
            int word = words[controller << 3 | index];
            boolean second = high[controller];
            high[controller] = !second;
            return second ? word >> 8 : word & 0xFF;
        }
        return index == 15 ? masks[controller] : 0;
    }

    @Override
    protected void writeByte(int port, int value) {
        if (port >= POST && port < POST + 16) {
            pages[port - POST] = (byte) value;
            return;
        }
        int register = register(port);
        if (register < 0) {
            return;
        }
        int controller = register >> 4;
        switch (register & 15) {
            case 10 -> {
                int bit = 1 << (value & 3);
                masks[controller] = (value & 4) != 0 ? masks[controller] | bit : masks[controller] & ~bit;
            }
            case 12 -> high[controller] = false;
            case 13 -> {
                high[controller] = false;
                masks[controller] = 15;
            }
            case 14 -> masks[controller] = 0;
            case 15 -> masks[controller] = value & 15;
            case 8, 9, 11 -> { }
            default -> {
                int at = controller << 3 | register & 7;
                words[at] = high[controller] ? words[at] & 0xFF | value << 8 : words[at] & 0xFF00 | value;
                high[controller] = !high[controller];
            }
        }
    }

    @Override
    public void reset() {
        idleAfterReset();
        java.util.Arrays.fill(words, 0);
        java.util.Arrays.fill(high, false);
        java.util.Arrays.fill(masks, 15);
        java.util.Arrays.fill(pages, (byte) 0);
    }

    @Override
    public Record save() {
        return new State(words.clone(), high.clone(), masks.clone(), pages.clone());
    }

    @Override
    public void restore(Record state) {
        State s = own(State.class, state);
        if (s.words.length != 16 || s.high.length != 2 || s.masks.length != 2 || s.pages.length != 16) {
            throw new IllegalArgumentException("dma state of a wrong shape");
        }
        for (int i = 0; i < 16; i++) {
            words[i] = s.words[i] & 0xFFFF;
            pages[i] = s.pages[i];
        }
        for (int i = 0; i < 2; i++) {
            high[i] = s.high[i];
            masks[i] = s.masks[i] & 15;
        }
    }
}
