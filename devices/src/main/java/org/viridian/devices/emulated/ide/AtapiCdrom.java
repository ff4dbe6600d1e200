package org.viridian.devices.emulated.ide;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.LongSupplier;
import org.viridian.devices.storage.DiskImage;

/**
 * A CD/DVD-ROM drive (ATA/ATAPI-6 PACKET, MMC-6), with a disc or without: one session, one data track, 2048-byte blocks.
 *
 * <p>Thread rule: as {@link IdeDrive}; {@link #change} from any thread.
 */
public final class AtapiCdrom extends IdeDrive {
    private static final int BLOCK = 2048;
    private static final int PACKET = 12;
    /** Blocks read from the image at once. */
    private static final int CHUNK = 16;
    private static final int REASON_COMMAND = 1;
    private static final int REASON_DATA_IN = 2;
    private static final int REASON_STATUS = 3;
    private static final int LIMIT_MAX = 0xFFFE;
    private static final int EVENT_NEW_MEDIA = 2;
    private static final int EVENT_REMOVED = 3;
    private static final int MEDIA_CLASS = 4;

    private static final int NOT_READY = 2;
    private static final int MEDIUM_ERROR = 3;
    private static final int ILLEGAL_REQUEST = 5;
    private static final int UNIT_ATTENTION = 6;

    /** What the drive is doing. */
    enum Phase {
        /** Nothing. */
        IDLE,
        /** Giving IDENTIFY data. */
        IDENTIFY,
        /** Waiting for the packet. */
        PACKET,
        /** Moving data. */
        DATA
    }

    /** Volatile state; {@code data} from {@code at} on is read already, {@code next} and {@code blocks} are still on the disc. */
    public record State(Port port, Phase phase, boolean dma, int limit, byte[] data, int at, long next, int blocks, boolean working,
            int senseKey, int senseCode, int senseQualifier, boolean trayOpen, boolean locked, boolean attention, int mediaEvent,
            int dmaMode) {}

    // Glue.
    private volatile DiskImage disc;

    // Volatile.
    private Phase phase = Phase.IDLE;
    private boolean dma;
    private int limit;
    private byte[] data = {};
    private int at;
    private long next;
    private int blocks;
    private boolean working;
    private int senseKey;
    private int senseCode;
    private int senseQualifier;
    private boolean trayOpen;
    private boolean locked;
    private boolean attention;
    private int mediaEvent;
    private int dmaMode;

    /**
     * @param id stable within the VM
     * @param disc the disc in it, or null; stays the caller's to close, after the board
     */
    public AtapiCdrom(String id, DiskImage disc, LongSupplier clock) {
        super(id, "ATAPI CD-ROM drive", clock);
        this.disc = disc;
        node().resource("image", () -> this.disc == null ? null : this.disc.location());
    }

    /** Puts a disc in, or takes it out with null. On return the old image is no longer used; its owner closes it. */
    public void change(DiskImage replacement) {
        channel().lock().lock();
        try {
            disc = replacement;
            trayOpen = false;
            attention = replacement != null;
            mediaEvent = replacement != null ? EVENT_NEW_MEDIA : EVENT_REMOVED;
            if (phase == Phase.DATA && blocks > 0) {
                channel().cancel();
                working = false;
                check(NOT_READY, 0x3A, 0);
            }
        } finally {
            channel().lock().unlock();
        }
        channel().drain();
    }

    /** True while the guest forbids to take the disc out. */
    public boolean locked() {
        return locked;
    }

    private DiskImage medium() {
        return trayOpen ? null : disc;
    }

    private long mediumBlocks() {
        DiskImage medium = medium();
        return medium == null ? 0 : medium.size() / BLOCK;
    }

    @Override
    void softReset() {
        phase = Phase.IDLE;
        working = false;
        data = new byte[0];
        blocks = 0;
        idle(0, 1);
    }

    @Override
    void signature() {
        channel().task().signature(0x14, 0xEB);
    }

    @Override
    void command(int code) {
        error = 0;
        switch (code) {
            case 0xA0 -> {
                TaskFile task = channel().task();
                dma = (task.features & 1) != 0;
                int count = task.high << 8 | task.mid;
                limit = count == 0 || count == 0xFFFF ? LIMIT_MAX : count;
                task.count = REASON_COMMAND;
                phase = Phase.PACKET;
                demand(PACKET, false);
            }
            case 0xA1 -> {
                phase = Phase.IDENTIFY;
                offer(identity());
            }
            case 0x08 -> {
                channel().cancel();
                softReset();
                signature();
            }
            case 0xEF -> {
                TaskFile task = channel().task();
                if (task.features == 0x03) {
                    dmaMode = task.count;
                }
                complete();
            }
            case 0xE0, 0xE1, 0xE2, 0xE3, 0xE6 -> complete();
            case 0xE5 -> {
                channel().task().count = 0xFF;
                complete();
            }
            default -> {
                if (code == 0xEC || code == 0x20) {
                    signature();
                }
                fail(ABORTED);
            }
        }
    }

    private byte[] identity() {
        short[] w = new short[256];
        w[0] = (short) 0x85C0;
        text(w, 10, 10, "VRDN-" + node().id());
        text(w, 23, 4, "1.0");
        text(w, 27, 20, "Viridian CD-ROM");
        w[49] = 0x0F00;
        w[53] = 0x0006;
        w[63] = (short) (0x0007 | ((dmaMode & 0xF8) == 0x20 ? 0x0100 << (dmaMode & 7) : 0));
        w[64] = 0x0003;
        w[65] = 0x0078;
        w[66] = 0x0078;
        w[67] = 0x0078;
        w[68] = 0x0078;
        w[80] = 0x003E;
        w[82] = 0x0010;
        w[85] = 0x0010;
        w[88] = (short) (0x0007 | ((dmaMode & 0xF8) == 0x40 ? 0x0100 << (dmaMode & 7) : 0));
        return littleEndian(w);
    }

    @Override
    void taken() {
        if (phase == Phase.DATA) {
            step();
        } else {
            phase = Phase.IDLE;
            status = READY | SEEK;
        }
    }

    @Override
    void given(byte[] cdb) {
        execute(cdb);
    }

    @Override
    void masterStarted() {
        if (phase == Phase.DATA && dma && !working) {
            step();
        }
    }

    private static int u8(byte[] cdb, int offset) {
        return cdb[offset] & 0xFF;
    }

    private static int u16(byte[] cdb, int offset) {
        return u8(cdb, offset) << 8 | u8(cdb, offset + 1);
    }

    private static long u32(byte[] cdb, int offset) {
        return (long) u16(cdb, offset) << 16 | u16(cdb, offset + 2);
    }

    private void execute(byte[] cdb) {
        int opcode = u8(cdb, 0);
        if (opcode == 0x03) {
            byte[] sense = MmcData.sense(senseKey, senseCode, senseQualifier);
            if (senseKey == 0 && attention) {
                attention = false;
                sense = MmcData.sense(UNIT_ATTENTION, 0x28, 0);
            }
            sense(0, 0, 0);
            reply(sense, u8(cdb, 4));
            return;
        }
        if (opcode == 0x12) {
            if ((cdb[1] & 1) != 0) {
                check(ILLEGAL_REQUEST, 0x24, 0);
            } else {
                reply(MmcData.inquiry(), u8(cdb, 4));
            }
            return;
        }
        if (attention && opcode != 0x46 && opcode != 0x4A) {
            attention = false;
            check(UNIT_ATTENTION, 0x28, 0);
            return;
        }
        switch (opcode) {
            case 0x46 -> reply(MmcData.configuration(mediumBlocks(), cdb[1] & 3, u16(cdb, 2)), u16(cdb, 7));
            case 0x4A -> eventStatus(cdb);
            case 0x1B -> startStop(u8(cdb, 4));
            case 0x1E -> {
                locked = (cdb[4] & 1) != 0;
                good();
            }
            case 0x1A -> modeSense(u8(cdb, 2) & 0x3F, 4, u8(cdb, 4));
            case 0x5A -> modeSense(u8(cdb, 2) & 0x3F, 8, u16(cdb, 7));
            case 0xBD -> reply(new byte[] {0, (byte) (trayOpen ? 0x10 : 0), 0, 0, 0, 1, 0, 0}, u16(cdb, 8));
            default -> executeOnMedium(opcode, cdb);
        }
    }

    private void executeOnMedium(int opcode, byte[] cdb) {
        boolean known = switch (opcode) {
            case 0x00, 0x25, 0x28, 0xA8, 0xBE, 0x2B, 0x35, 0x43, 0x51, 0x52, 0x2F, 0xBB, 0xB6 -> true;
            default -> false;
        };
        if (!known) {
            check(ILLEGAL_REQUEST, 0x20, 0);
            return;
        }
        if (medium() == null) {
            check(NOT_READY, 0x3A, trayOpen ? 2 : 1);
            return;
        }
        switch (opcode) {
            case 0x25 -> reply(MmcData.capacity(mediumBlocks()), 8);
            case 0x28 -> readBlocks(u32(cdb, 2), u16(cdb, 7));
            case 0xA8 -> readBlocks(u32(cdb, 2), u32(cdb, 6));
            case 0xBE -> {
                // READ CD: only the user data of data sectors, which is what the image holds.
                boolean userData = (cdb[9] & 0xF8) == 0x10 && (cdb[10] & 7) == 0;
                if (userData) {
                    readBlocks(u32(cdb, 2), u32(cdb, 5) & 0xFF_FFFF);
                } else {
                    check(ILLEGAL_REQUEST, 0x64, 0);
                }
            }
            case 0x43 -> {
                int format = (cdb[2] & 15) != 0 ? cdb[2] & 15 : u8(cdb, 9) >> 6;
                byte[] contents = MmcData.contents(format, u8(cdb, 6), (cdb[1] & 2) != 0, mediumBlocks());
                if (contents == null) {
                    check(ILLEGAL_REQUEST, 0x24, 0);
                } else {
                    reply(contents, u16(cdb, 7));
                }
            }
            case 0x51 -> reply(MmcData.discInformation(), u16(cdb, 7));
            case 0x52 -> reply(MmcData.trackInformation(mediumBlocks()), u16(cdb, 7));
            default -> good();
        }
    }

    private void modeSense(int page, int header, int allocation) {
        byte[] pages = MmcData.modePages(page, header);
        if (pages == null) {
            check(ILLEGAL_REQUEST, 0x24, 0);
        } else {
            reply(pages, allocation);
        }
    }

    private void eventStatus(byte[] cdb) {
        if ((cdb[1] & 1) == 0) {
            check(ILLEGAL_REQUEST, 0x24, 0);
            return;
        }
        boolean media = (cdb[4] & 1 << MEDIA_CLASS) != 0;
        byte[] answer = new byte[media ? 8 : 4];
        answer[1] = (byte) (answer.length - 2);
        answer[2] = (byte) (media ? MEDIA_CLASS : 0x80);
        answer[3] = 1 << MEDIA_CLASS;
        if (media) {
            answer[4] = (byte) mediaEvent;
            mediaEvent = 0;
            answer[5] = (byte) ((trayOpen ? 1 : 0) | (medium() != null ? 2 : 0));
        }
        reply(answer, u16(cdb, 7));
    }

    private void startStop(int flags) {
        boolean tray = (flags & 2) != 0;
        boolean load = (flags & 1) != 0;
        if (tray && !load && locked) {
            check(ILLEGAL_REQUEST, 0x53, 2);
            return;
        }
        if (tray && load == trayOpen) {
            trayOpen = !load;
            mediaEvent = load && disc != null ? EVENT_NEW_MEDIA : EVENT_REMOVED;
            attention = load && disc != null;
        }
        good();
    }

    private void readBlocks(long first, long count) {
        long end = mediumBlocks();
        if (first > end || count > end - first) {
            check(ILLEGAL_REQUEST, 0x21, 0);
        } else if (count == 0) {
            good();
        } else {
            data = new byte[0];
            at = 0;
            next = first;
            blocks = (int) Math.min(count, Integer.MAX_VALUE / BLOCK);
            phase = Phase.DATA;
            step();
        }
    }

    private void reply(byte[] answer, int allocation) {
        data = answer.length > allocation ? Arrays.copyOf(answer, allocation) : answer;
        at = 0;
        blocks = 0;
        if (data.length == 0) {
            good();
            return;
        }
        phase = Phase.DATA;
        step();
    }

    /** Moves the next piece of data, or ends the command. */
    private void step() {
        if (at == data.length) {
            if (blocks == 0) {
                good();
            } else {
                fetch();
            }
            return;
        }
        if (dma) {
            status = BUSY;
            if (channel().busMaster().active()) {
                master();
            }
            return;
        }
        int piece = Math.min(data.length - at, limit);
        if (piece < data.length - at) {
            // Only the last piece may be odd.
            piece = Math.max(2, piece & ~1);
        }
        channel().task().count = REASON_DATA_IN;
        channel().task().mid = piece & 0xFF;
        channel().task().high = piece >> 8;
        int from = at;
        at += piece;
        offer(Arrays.copyOfRange(data, from, from + piece));
    }

    private void fetch() {
        DiskImage medium = medium();
        if (medium == null) {
            check(NOT_READY, 0x3A, 0);
            return;
        }
        status = BUSY;
        working = true;
        byte[] piece = new byte[Math.min(CHUNK, blocks) * BLOCK];
        long from = next * BLOCK;
        channel().background(() -> medium.read(from, MemorySegment.ofArray(piece)), failure -> {
            working = false;
            if (failure != null) {
                check(MEDIUM_ERROR, 0x11, 0);
                return;
            }
            next += piece.length / BLOCK;
            blocks -= piece.length / BLOCK;
            bytesRead.add(piece.length);
            data = piece;
            at = 0;
            step();
        });
    }

    private void master() {
        byte[] rest = at == 0 ? data : Arrays.copyOfRange(data, at, data.length);
        BusMaster.Move move = channel().busMaster().move(rest, rest.length, true);
        at += move.moved();
        if (move.failed()) {
            channel().busMaster().finish(move);
            check(ILLEGAL_REQUEST, 0x4B, 0);
        } else if (move.moved() < rest.length || blocks == 0) {
            // The guest's table is full, or everything has been said.
            blocks = 0;
            at = data.length;
            channel().busMaster().finish(move);
            good();
        } else {
            channel().busMaster().advance(move);
            step();
        }
    }

    private void sense(int key, int code, int qualifier) {
        senseKey = key;
        senseCode = code;
        senseQualifier = qualifier;
    }

    private void good() {
        phase = Phase.IDLE;
        data = new byte[0];
        at = 0;
        channel().task().count = REASON_STATUS;
        complete();
    }

    private void check(int key, int code, int qualifier) {
        phase = Phase.IDLE;
        data = new byte[0];
        at = 0;
        blocks = 0;
        sense(key, code, qualifier);
        channel().task().count = REASON_STATUS;
        fail(key << 4 | (key == ILLEGAL_REQUEST ? ABORTED : 0));
    }

    @Override
    public void reset() {
        idleAfterReset();
        softReset();
        sense(0, 0, 0);
        trayOpen = false;
        locked = false;
        attention = false;
        mediaEvent = 0;
        dmaMode = 0;
    }

    @Override
    public Record save() {
        return new State(savePort(), phase, dma, limit, data.clone(), at, next, blocks, working, senseKey, senseCode, senseQualifier,
                trayOpen, locked, attention, mediaEvent, dmaMode);
    }

    @Override
    public void restore(Record state) {
        State s = own(State.class, state);
        if (s.phase == null || s.data == null || s.at < 0 || s.at > s.data.length || s.data.length > CHUNK * BLOCK || s.next < 0
                || s.blocks < 0) {
            throw new IllegalArgumentException(node().id() + " state is not possible");
        }
        restorePort(s.port);
        phase = s.phase;
        dma = s.dma;
        limit = Math.clamp(s.limit, 1, LIMIT_MAX);
        data = s.data.clone();
        at = s.at;
        next = s.next;
        blocks = s.blocks;
        sense(s.senseKey & 15, s.senseCode & 0xFF, s.senseQualifier & 0xFF);
        trayOpen = s.trayOpen;
        locked = s.locked;
        attention = s.attention;
        mediaEvent = s.mediaEvent;
        dmaMode = s.dmaMode & 0xFF;
        working = false;
        if (s.working) {
            step();
        }
    }
}
