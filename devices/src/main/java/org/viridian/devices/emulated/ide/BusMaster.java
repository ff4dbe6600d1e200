package org.viridian.devices.emulated.ide;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.viridian.devices.emulated.pci.PciDma;

/**
 * The bus-master half of one IDE channel (SFF-8038i): command, status, and the walk along the table of physical region
 * descriptors.
 *
 * <p>Thread rule: under the device lock.
 */
final class BusMaster {
    private static final int START = 1;
    private static final int TO_MEMORY = 8;
    private static final int ACTIVE = 1;
    private static final int ERROR = 2;
    private static final int INTERRUPT = 4;
    private static final int DRIVE_CAPABLE = 0x60;
    private static final int LAST = 0x8000_0000;
    private static final int ENTRY = 8;

    /**
     * Where the walk is.
     *
     * @param next address of the descriptor after the present one
     * @param address next byte of the present region
     * @param left bytes left in it
     * @param last no descriptor follows
     */
    record Cursor(long next, long address, int left, boolean last) {
        boolean atEnd() {
            return left == 0 && last;
        }
    }

    /**
     * What a move came to.
     *
     * @param moved bytes moved
     * @param after where the walk is then
     * @param failed the bus refused something
     */
    record Move(int moved, Cursor after, boolean failed) {}

    /** Volatile state. */
    record State(int command, int status, int table, Cursor cursor) {}

    private final PciDma dma;
    private int command;
    private int status;
    private int table;
    private Cursor cursor = new Cursor(0, 0, 0, false);

    BusMaster(PciDma dma) {
        this.dma = dma;
    }

    /** True while the guest lets data flow. */
    boolean active() {
        return (status & ACTIVE) != 0;
    }

    /** True when the guest has set the direction to memory. */
    boolean toMemory() {
        return (command & TO_MEMORY) != 0;
    }

    int read(int offset) {
        return switch (offset) {
            case 0 -> command;
            case 2 -> status;
            case 4, 5, 6, 7 -> table >>> 8 * (offset - 4) & 0xFF;
            default -> 0;
        };
    }

    /** Writes a byte; true when this started the engine. */
    boolean write(int offset, int value) {
        switch (offset) {
            case 0 -> {
                boolean start = (value & START) != 0;
                boolean rising = start && (command & START) == 0;
                command = value & (START | TO_MEMORY);
                if (!start) {
                    status &= ~ACTIVE;
                } else if (rising) {
                    status |= ACTIVE;
                    cursor = new Cursor(table & 0xFFFF_FFFCL, 0, 0, false);
                }
                return rising;
            }
            case 2 -> status = status & ~DRIVE_CAPABLE & ~(value & (ERROR | INTERRUPT)) | value & DRIVE_CAPABLE;
            case 4, 5, 6, 7 -> {
                int shift = 8 * (offset - 4);
                table = (table & ~(0xFF << shift) | value << shift) & ~3;
            }
            default -> { }
        }
        return false;
    }

    /** The drive has raised its interrupt. */
    void interrupt() {
        status |= INTERRUPT;
    }

    /** The drive has nothing more to move; {@code cursor} is where that left the walk. */
    void finish(Move move) {
        cursor = move.after;
        if (move.failed) {
            status = status & ~ACTIVE | ERROR;
        } else if (cursor.atEnd()) {
            status &= ~ACTIVE;
        }
    }

    /** A part of a longer transfer is done. */
    void advance(Move move) {
        cursor = move.after;
    }

    /**
     * Moves up to {@code length} bytes between {@code buffer} and the regions from the present place on, without leaving
     * it. Ends early at the table's end or where the bus refuses.
     */
    Move move(byte[] buffer, int length, boolean toMemory) {
        Cursor at = cursor;
        int moved = 0;
        byte[] entry = new byte[ENTRY];
        while (moved < length) {
            if (at.left == 0) {
                if (at.last) {
                    break;
                }
                if (!dma.read(at.next, entry, 0, ENTRY)) {
                    return new Move(moved, at, true);
                }
                ByteBuffer fields = ByteBuffer.wrap(entry).order(ByteOrder.LITTLE_ENDIAN);
                int count = fields.getInt(4) & 0xFFFE;
                at = new Cursor(at.next + ENTRY, fields.getInt(0) & 0xFFFF_FFFEL, count == 0 ? 0x1_0000 : count,
                        (fields.getInt(4) & LAST) != 0);
            }
            int run = Math.min(at.left, length - moved);
            boolean done = toMemory ? dma.write(at.address, buffer, moved, run) : dma.read(at.address, buffer, moved, run);
            if (!done) {
                return new Move(moved, at, true);
            }
            at = new Cursor(at.next, at.address + run, at.left - run, at.last);
            moved += run;
        }
        return new Move(moved, at, false);
    }

    void reset() {
        command = 0;
        status = 0;
        table = 0;
        cursor = new Cursor(0, 0, 0, false);
    }

    State save() {
        return new State(command, status, table, cursor);
    }

    void restore(State s) {
        command = s.command & (START | TO_MEMORY);
        status = s.status & (ACTIVE | ERROR | INTERRUPT | DRIVE_CAPABLE);
        table = s.table & ~3;
        Cursor c = s.cursor == null ? new Cursor(0, 0, 0, false) : s.cursor;
        cursor = new Cursor(c.next & 0x1_FFFF_FFFFL, c.address & 0x1_FFFF_FFFFL, Math.clamp(c.left, 0, 0x1_0000), c.last);
    }
}
