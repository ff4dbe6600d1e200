package org.viridian.devices.emulated.ide;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.viridian.devices.inventory.Bypassable;
import org.viridian.devices.storage.DiskImage;

/**
 * A hard disk (ATA/ATAPI-6): PIO, multiple and DMA transfers, 28- and 48-bit addresses, a write cache that FLUSH CACHE
 * empties down to the host's disk. While its synthetic twin has the image, every transfer is refused.
 *
 * <p>Thread rule: as {@link IdeDrive}. A command in progress is saved as what is left of it; after a restore that part is
 * done again, which for reads and writes comes to the same.
 */
public final class AtaDisk extends IdeDrive implements Bypassable {
    private static final int SECTOR = 512;
    private static final int MULTIPLE_MAX = 16;
    private static final int HEADS = 16;
    private static final int SECTORS = 63;
    private static final int CYLINDERS_MAX = 16383;
    private static final long LBA28_MAX = 0x0FFF_FFFFL;
    /** Sectors moved by DMA at once. */
    private static final int CHUNK = 256;

    /** What the drive is doing. */
    enum Phase {
        /** Nothing. */
        IDLE,
        /** Sectors to the data register. */
        READ,
        /** Sectors from the data register. */
        WRITE,
        /** Sectors to memory by bus master. */
        DMA_READ,
        /** Sectors from memory by bus master. */
        DMA_WRITE,
        /** Waiting for the host's disk. */
        FLUSH
    }

    /** Volatile state; {@code working} means that the host was reading, writing or flushing, {@code held} what it was to write. */
    public record State(Port port, Phase phase, long next, int left, int block, boolean wide, boolean durable, boolean working,
            byte[] held, int multiple, int heads, int sectors, int dmaMode, boolean writeCache) {}

    // Static.
    private final DiskImage image;
    private final String serial;
    private final long capacity;

    // Volatile.
    private Phase phase = Phase.IDLE;
    private long next;
    private int left;
    private int block;
    private boolean wide;
    private boolean durable;
    private boolean working;
    private byte[] held = {};
    private int multiple;
    private int heads;
    private int sectors;
    private int dmaMode;
    private boolean writeCache;

    /**
     * @param id stable within the VM
     * @param image the disk's content; stays the caller's to close, after the board
     * @param serial what IDENTIFY says, at most 20 characters
     */
    public AtaDisk(String id, DiskImage image, String serial, LongSupplier clock) {
        super(id, "IDE hard disk", clock);
        this.image = image;
        this.serial = serial;
        this.capacity = image.size() / SECTOR;
        node().resource("image", image::location);
        defaults();
    }

    private void defaults() {
        multiple = 0;
        heads = HEADS;
        sectors = SECTORS;
        dmaMode = 0;
        writeCache = true;
    }

    @Override
    void softReset() {
        phase = Phase.IDLE;
        working = false;
        held = new byte[0];
        idle(READY | SEEK, 1);
    }

    @Override
    void signature() {
        channel().task().signature(0, 0);
    }

    @Override
    void command(int code) {
        error = 0;
        if (code >= 0x10 && code <= 0x1F || code >= 0x70 && code <= 0x7F) {
            complete();
            return;
        }
        switch (code) {
            case 0xEC -> identify();
            case 0x20, 0x21 -> transfer(Phase.READ, false, 1, false);
            case 0x24 -> transfer(Phase.READ, true, 1, false);
            case 0xC4 -> multiple(Phase.READ, false, false);
            case 0x29 -> multiple(Phase.READ, true, false);
            case 0x30, 0x31 -> transfer(Phase.WRITE, false, 1, false);
            case 0x34 -> transfer(Phase.WRITE, true, 1, false);
            case 0xC5 -> multiple(Phase.WRITE, false, false);
            case 0x39 -> multiple(Phase.WRITE, true, false);
            case 0xCE -> multiple(Phase.WRITE, true, true);
            case 0xC8, 0xC9 -> transfer(Phase.DMA_READ, false, CHUNK, false);
            case 0x25 -> transfer(Phase.DMA_READ, true, CHUNK, false);
            case 0xCA, 0xCB -> transfer(Phase.DMA_WRITE, false, CHUNK, false);
            case 0x35 -> transfer(Phase.DMA_WRITE, true, CHUNK, false);
            case 0x3D -> transfer(Phase.DMA_WRITE, true, CHUNK, true);
            case 0x40, 0x41 -> verify(false);
            case 0x42 -> verify(true);
            case 0xE7, 0xEA -> flush();
            case 0xEF -> setFeatures();
            case 0xC6 -> setMultiple();
            case 0x91 -> {
                heads = (channel().task().device & 15) + 1;
                sectors = Math.max(1, channel().task().count);
                complete();
            }
            case 0xE5, 0x98 -> {
                channel().task().count = 0xFF;
                complete();
            }
            case 0xE0, 0xE1, 0xE2, 0xE3, 0xE6, 0x94, 0x95, 0x96, 0x97, 0x99 -> complete();
            default -> fail(ABORTED);
        }
    }

    private void identify() {
        phase = Phase.READ;
        left = 0;
        offer(identity());
    }

    private byte[] identity() {
        short[] w = new short[256];
        long cylinders = Math.min(capacity / (HEADS * SECTORS), CYLINDERS_MAX);
        w[0] = 0x0040;
        w[1] = (short) cylinders;
        w[3] = HEADS;
        w[6] = SECTORS;
        text(w, 10, 10, serial);
        text(w, 23, 4, "1.0");
        text(w, 27, 20, "Viridian IDE disk");
        w[47] = (short) (0x8000 | MULTIPLE_MAX);
        w[49] = 0x0F00;
        w[50] = 0x4000;
        w[51] = 0x0200;
        w[52] = 0x0200;
        w[53] = 0x0007;
        w[54] = (short) cylinders;
        w[55] = (short) heads;
        w[56] = (short) sectors;
        long chs = cylinders * HEADS * SECTORS;
        w[57] = (short) chs;
        w[58] = (short) (chs >> 16);
        w[59] = (short) (multiple == 0 ? 0 : 0x0100 | multiple);
        long small = Math.min(capacity, LBA28_MAX);
        w[60] = (short) small;
        w[61] = (short) (small >> 16);
        w[63] = (short) (0x0007 | ((dmaMode & 0xF8) == 0x20 ? 0x0100 << (dmaMode & 7) : 0));
        w[64] = 0x0003;
        w[65] = 0x0078;
        w[66] = 0x0078;
        w[67] = 0x0078;
        w[68] = 0x0078;
        w[80] = 0x00F0;
        w[82] = 0x4028;
        w[83] = 0x7400;
        w[84] = 0x4000;
        w[85] = (short) (0x4008 | (writeCache ? 0x20 : 0));
        w[86] = 0x3400;
        w[87] = 0x4000;
        w[88] = (short) (0x003F | ((dmaMode & 0xF8) == 0x40 ? 0x0100 << (dmaMode & 7) : 0));
        w[93] = 0x6001;
        for (int i = 0; i < 4; i++) {
            w[100 + i] = (short) (capacity >> 16 * i);
        }
        return littleEndian(w);
    }

    private void setFeatures() {
        TaskFile task = channel().task();
        switch (task.features) {
            case 0x03 -> {
                boolean known = (task.count & 0xF8) == 0x20 && (task.count & 7) <= 2
                        || (task.count & 0xF8) == 0x40 && (task.count & 7) <= 5;
                if (known) {
                    dmaMode = task.count;
                }
                if (known || task.count <= 0x0C) {
                    complete();
                } else {
                    fail(ABORTED);
                }
            }
            case 0x02 -> {
                writeCache = true;
                complete();
            }
            case 0x82 -> {
                // From now on every write is durable; what is in the cache has to become so.
                writeCache = false;
                flush();
            }
            case 0xAA, 0x55, 0x66, 0xCC -> complete();
            default -> fail(ABORTED);
        }
    }

    private void setMultiple() {
        int count = channel().task().count;
        if (count > MULTIPLE_MAX || Integer.bitCount(count) > 1) {
            fail(ABORTED);
            return;
        }
        multiple = count;
        complete();
    }

    private void multiple(Phase kind, boolean extended, boolean forced) {
        if (multiple == 0) {
            fail(ABORTED);
        } else {
            transfer(kind, extended, multiple, forced);
        }
    }

    private boolean range(boolean extended) {
        TaskFile task = channel().task();
        wide = extended;
        left = extended ? task.count48() : task.count28();
        next = extended ? task.block48() : task.block28(heads, sectors);
        if (next < 0 || next > capacity || left > capacity - next) {
            left = 0;
            fail(NOT_FOUND);
            return false;
        }
        return true;
    }

    private void verify(boolean extended) {
        if (range(extended)) {
            left = 0;
            complete();
        }
    }

    private void transfer(Phase kind, boolean extended, int atOnce, boolean forced) {
        boolean writes = kind == Phase.WRITE || kind == Phase.DMA_WRITE;
        if (bypassed() || writes && image.readOnly()) {
            fail(ABORTED);
            return;
        }
        if (!range(extended)) {
            return;
        }
        phase = kind;
        block = atOnce;
        durable = forced || !writeCache;
        switch (kind) {
            case READ -> readStep();
            case WRITE -> demand(step() * SECTOR, false);
            default -> {
                status = BUSY | READY | SEEK;
                if (channel().busMaster().active()) {
                    dmaStep();
                }
            }
        }
    }

    /** Sectors of the next piece. */
    private int step() {
        return Math.min(block, left);
    }

    private void readStep() {
        status = BUSY;
        byte[] piece = new byte[step() * SECTOR];
        long from = next * SECTOR;
        work(() -> image.read(from, MemorySegment.ofArray(piece)), failure -> {
            if (failure != null) {
                hostFailed(UNCORRECTABLE);
                return;
            }
            advance(piece.length / SECTOR);
            bytesRead.add(piece.length);
            offer(piece);
        });
    }

    private void work(IdeChannel.HostWork job, Consumer<IOException> completion) {
        working = true;
        channel().background(job, failure -> {
            working = false;
            completion.accept(failure);
        });
    }

    private void advance(int count) {
        next += count;
        left -= count;
    }

    private void hostFailed(int errorBits) {
        phase = Phase.IDLE;
        channel().task().block(next, wide);
        fail(errorBits);
        status |= FAULT;
    }

    @Override
    void taken() {
        if (left > 0) {
            readStep();
        } else {
            phase = Phase.IDLE;
            status = READY | SEEK;
        }
    }

    @Override
    void given(byte[] data) {
        held = data;
        writeStep();
    }

    private void writeStep() {
        byte[] piece = held;
        store(piece, failure -> {
            held = new byte[0];
            if (failure != null) {
                hostFailed(ABORTED);
                return;
            }
            advance(piece.length / SECTOR);
            bytesWritten.add(piece.length);
            if (left > 0) {
                demand(step() * SECTOR, true);
            } else {
                phase = Phase.IDLE;
                complete();
            }
        });
    }

    private void store(byte[] piece, Consumer<IOException> completion) {
        long to = next * SECTOR;
        boolean flushed = durable && piece.length / SECTOR == left;
        work(() -> {
            image.write(to, MemorySegment.ofArray(piece));
            if (flushed) {
                image.flush();
            }
        }, completion);
    }

    @Override
    void masterStarted() {
        if (!working && (phase == Phase.DMA_READ || phase == Phase.DMA_WRITE)) {
            dmaStep();
        }
    }

    private void dmaStep() {
        if (phase == Phase.DMA_READ) {
            dmaReadStep();
        } else {
            dmaWriteStep();
        }
    }

    private void dmaReadStep() {
        byte[] piece = new byte[step() * SECTOR];
        long from = next * SECTOR;
        work(() -> image.read(from, MemorySegment.ofArray(piece)), failure -> {
            if (failure != null) {
                hostFailed(UNCORRECTABLE);
                return;
            }
            if (!channel().busMaster().active()) {
                // The guest has stopped the engine under the command: the rest has nowhere to go.
                stopped();
                return;
            }
            BusMaster.Move move = channel().busMaster().move(piece, piece.length, true);
            bytesRead.add(move.moved());
            dmaMoved(move, piece.length);
        });
    }

    private void dmaWriteStep() {
        byte[] piece = new byte[step() * SECTOR];
        BusMaster.Move move = channel().busMaster().move(piece, piece.length, false);
        if (move.moved() < piece.length) {
            dmaMoved(move, piece.length);
            return;
        }
        store(piece, failure -> {
            if (failure != null) {
                hostFailed(ABORTED);
                return;
            }
            bytesWritten.add(piece.length);
            dmaMoved(move, piece.length);
        });
    }

    private void stopped() {
        phase = Phase.IDLE;
        fail(ABORTED);
    }

    private void dmaMoved(BusMaster.Move move, int wanted) {
        if (move.moved() < wanted) {
            channel().busMaster().finish(move);
            stopped();
            return;
        }
        advance(wanted / SECTOR);
        if (left > 0) {
            channel().busMaster().advance(move);
            dmaStep();
            return;
        }
        phase = Phase.IDLE;
        channel().busMaster().finish(move);
        complete();
    }

    private void flush() {
        phase = Phase.FLUSH;
        status = BUSY;
        work(image::flush, failure -> {
            phase = Phase.IDLE;
            if (failure != null) {
                hostFailed(ABORTED);
            } else {
                complete();
            }
        });
    }

    @Override
    public void setBypassed(boolean bypassed, String reason) {
        channel().lock().lock();
        try {
            if (bypassed && phase != Phase.IDLE) {
                // The rest of a transfer under way would land behind the twin's back.
                channel().cancel();
                phase = Phase.IDLE;
                working = false;
                fail(ABORTED);
            }
            bypass(bypassed, reason);
        } finally {
            channel().lock().unlock();
        }
        channel().drain();
    }

    @Override
    public void reset() {
        idleAfterReset();
        defaults();
        softReset();
    }

    @Override
    public Record save() {
        return new State(savePort(), phase, next, left, block, wide, durable, working, held.clone(), multiple, heads, sectors,
                dmaMode, writeCache);
    }

    @Override
    public void restore(Record state) {
        State s = own(State.class, state);
        if (s.phase == null || s.held == null || s.next < 0 || s.left < 0 || s.next > capacity || s.left > capacity - s.next
                || s.block < 0 || s.block > CHUNK || s.held.length > MULTIPLE_MAX * SECTOR || s.held.length % SECTOR != 0) {
            throw new IllegalArgumentException(node().id() + " state is not possible");
        }
        restorePort(s.port);
        phase = s.phase;
        next = s.next;
        left = s.left;
        block = Math.max(1, s.block);
        wide = s.wide;
        durable = s.durable;
        held = s.held.clone();
        multiple = Math.clamp(s.multiple, 0, MULTIPLE_MAX);
        heads = Math.clamp(s.heads, 1, 16);
        sectors = Math.clamp(s.sectors, 1, 255);
        dmaMode = s.dmaMode & 0xFF;
        writeCache = s.writeCache;
        working = false;
        if (s.working) {
            switch (phase) {
                case READ -> readStep();
                case WRITE -> writeStep();
                case DMA_READ, DMA_WRITE -> dmaStep();
                case FLUSH -> flush();
                case IDLE -> { }
            }
        }
    }
}
