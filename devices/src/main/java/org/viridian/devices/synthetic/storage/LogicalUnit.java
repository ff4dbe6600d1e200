package org.viridian.devices.synthetic.storage;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicReference;
import org.viridian.devices.storage.DiskImage;

/**
 * What stands behind one LUN: commands that all block devices share (SPC-4, SBC-3), and moving blocks between an image and
 * guest memory.
 *
 * <p>Thread rule: {@link #execute} on any thread, several at a time; media may change on any thread.
 */
abstract sealed class LogicalUnit permits ScsiDisk, ScsiDvd {
    private static final int SPC_3 = 5;
    private static final int INQUIRY_SIZE = 96;
    private static final int EVPD = 1;

    private final AtomicReference<Sense> attention = new AtomicReference<>();
    private final UnitStatistics statistics;
    private final DiskWorkers workers;

    LogicalUnit(UnitStatistics statistics) {
        this.statistics = statistics;
        this.workers = new DiskWorkers(statistics.node().id());
        statistics.node().resource("file", () -> medium() == null ? null : medium().location());
        statistics.node().resource("format", () -> medium() == null ? null : medium().format().word());
    }

    /** What the unit has done. */
    final UnitStatistics statistics() {
        return statistics;
    }

    /** The threads that use the medium. */
    final DiskWorkers workers() {
        return workers;
    }

    abstract int deviceType();

    abstract boolean removable();

    abstract String product();

    abstract int blockSize();

    /** True when UNMAP gives space back. */
    abstract boolean thin();

    /** The medium, or null. */
    abstract DiskImage medium();

    /** Why there is no medium. */
    abstract Sense noMedium();

    /** A page of vital product data, or null. */
    abstract byte[] vitalProductData(int page);

    /** Mode pages for this page code, concatenated; empty when it has none. */
    abstract byte[] modePages(int page);

    /** Commands of one kind of device only; null when it has none of this name. */
    abstract ScsiResult executeOwn(ScsiRequest request);

    /** The next command that can carry it reports this. */
    final void raiseAttention(Sense sense) {
        attention.set(sense);
    }

    /** Runs a command. Every outcome, also an error of the host, is a result. */
    final ScsiResult execute(ScsiRequest request) {
        int opcode = request.opcode();
        if (opcode == Opcode.INQUIRY) {
            return inquiry(request);
        }
        if (opcode == Opcode.REQUEST_SENSE) {
            Sense pending = attention.getAndSet(null);
            return request.reply((pending == null ? Sense.NONE : pending).fixed(), request.u8(4));
        }
        Sense pending = attention.getAndSet(null);
        if (pending != null) {
            return ScsiResult.check(pending);
        }
        ScsiResult own = executeOwn(request);
        return own != null ? own : executeShared(request, opcode);
    }

    private ScsiResult executeShared(ScsiRequest request, int opcode) {
        return switch (opcode) {
            case Opcode.TEST_UNIT_READY -> medium() == null ? ScsiResult.check(noMedium()) : ScsiResult.good(0);
            case Opcode.READ_CAPACITY_10 -> readCapacity10(request);
            case Opcode.SERVICE_ACTION_IN -> (request.u8(1) & 0x1F) == 0x10
                    ? readCapacity16(request) : ScsiResult.check(Sense.INVALID_FIELD_IN_CDB);
            case Opcode.READ_6, Opcode.READ_10, Opcode.READ_12, Opcode.READ_16 -> move(request, false);
            case Opcode.WRITE_6, Opcode.WRITE_10, Opcode.WRITE_12, Opcode.WRITE_16 -> move(request, true);
            case Opcode.VERIFY_10, Opcode.VERIFY_12, Opcode.VERIFY_16 -> verify(request);
            case Opcode.SYNCHRONIZE_CACHE_10, Opcode.SYNCHRONIZE_CACHE_16 -> synchronizeCache();
            case Opcode.MODE_SENSE_6 -> modeSense6(request);
            case Opcode.MODE_SENSE_10 -> modeSense10(request);
            case Opcode.MODE_SELECT_6, Opcode.MODE_SELECT_10 -> ScsiResult.check(Sense.INVALID_FIELD_IN_CDB);
            case Opcode.START_STOP_UNIT, Opcode.PREVENT_ALLOW, Opcode.SEND_DIAGNOSTIC -> ScsiResult.good(0);
            default -> ScsiResult.check(Sense.INVALID_OPCODE);
        };
    }

    // Identity.

    private ScsiResult inquiry(ScsiRequest request) {
        int allocation = request.u16(3);
        if (!request.bit(1, EVPD)) {
            return request.u8(2) != 0 ? ScsiResult.check(Sense.INVALID_FIELD_IN_CDB)
                    : request.reply(standardInquiry(deviceType(), removable(), product(), !removable()), allocation);
        }
        byte[] page = vitalProductData(request.u8(2));
        return page == null ? ScsiResult.check(Sense.INVALID_FIELD_IN_CDB) : request.reply(page, allocation);
    }

    static byte[] standardInquiry(int type, boolean removable, String product, boolean queueing) {
        byte[] data = new byte[INQUIRY_SIZE];
        data[0] = (byte) type;
        data[1] = (byte) (removable ? 0x80 : 0);
        data[2] = SPC_3;
        data[3] = 2;
        data[4] = INQUIRY_SIZE - 5;
        data[7] = (byte) (queueing ? 2 : 0);
        ascii(data, 8, 8, "Msft");
        ascii(data, 16, 16, product);
        ascii(data, 32, 4, "1.0");
        return data;
    }

    /** Puts text at an offset, padded with spaces. */
    static void ascii(byte[] target, int offset, int length, String text) {
        for (int i = 0; i < length; i++) {
            target[offset + i] = (byte) (i < text.length() ? text.charAt(i) : ' ');
        }
    }

    // Geometry and modes.

    final long blocks(DiskImage image) {
        return image.size() / blockSize();
    }

    private ScsiResult readCapacity10(ScsiRequest request) {
        DiskImage image = medium();
        if (image == null) {
            return ScsiResult.check(noMedium());
        }
        byte[] data = new byte[8];
        BigEndian.put32(data, 0, Math.min(blocks(image) - 1, 0xFFFF_FFFFL));
        BigEndian.put32(data, 4, blockSize());
        return request.reply(data, data.length);
    }

    private ScsiResult readCapacity16(ScsiRequest request) {
        DiskImage image = medium();
        if (image == null) {
            return ScsiResult.check(noMedium());
        }
        byte[] data = new byte[32];
        BigEndian.put64(data, 0, blocks(image) - 1);
        BigEndian.put32(data, 8, blockSize());
        data[13] = (byte) Integer.numberOfTrailingZeros(Math.max(1, image.physicalSectorSize() / blockSize()));
        data[14] = (byte) (thin() ? 0x80 : 0);
        return request.reply(data, request.u32(10));
    }

    private int deviceSpecificMode() {
        DiskImage image = medium();
        int writeProtected = image != null && image.readOnly() ? 0x80 : 0;
        return removable() ? writeProtected : writeProtected | 0x10;
    }

    private ScsiResult modeSense6(ScsiRequest request) {
        byte[] pages = modePages(request.u8(2) & 0x3F);
        byte[] data = new byte[4 + pages.length];
        data[0] = (byte) (data.length - 1);
        data[2] = (byte) deviceSpecificMode();
        System.arraycopy(pages, 0, data, 4, pages.length);
        return request.reply(data, request.u8(4));
    }

    private ScsiResult modeSense10(ScsiRequest request) {
        byte[] pages = modePages(request.u8(2) & 0x3F);
        byte[] data = new byte[8 + pages.length];
        BigEndian.put16(data, 0, data.length - 2);
        data[3] = (byte) deviceSpecificMode();
        System.arraycopy(pages, 0, data, 8, pages.length);
        return request.reply(data, request.u16(7));
    }

    // Data.

    private ScsiResult verify(ScsiRequest request) {
        DiskImage image = medium();
        if (image == null) {
            return ScsiResult.check(noMedium());
        }
        BlockRange range = BlockRange.of(request);
        return range.inside(blocks(image)) ? ScsiResult.good(0) : ScsiResult.check(Sense.LBA_OUT_OF_RANGE);
    }

    private ScsiResult synchronizeCache() {
        DiskImage image = medium();
        if (image == null) {
            return ScsiResult.check(noMedium());
        }
        try {
            image.flush();
            statistics.flushed();
            return ScsiResult.good(0);
        } catch (IOException failure) {
            return failed("flush", image, failure, Sense.WRITE_ERROR);
        }
    }

    private ScsiResult move(ScsiRequest request, boolean write) {
        DiskImage image = medium();
        if (image == null) {
            return ScsiResult.check(noMedium());
        }
        BlockRange range = BlockRange.of(request);
        if (!range.inside(blocks(image))) {
            return ScsiResult.check(Sense.LBA_OUT_OF_RANGE);
        }
        if (range.count() == 0) {
            return ScsiResult.good(0);
        }
        if (write && image.readOnly()) {
            return ScsiResult.check(Sense.WRITE_PROTECTED);
        }
        long bytes = range.count() * blockSize();
        if (request.buffer() == null || bytes > request.length()
                || request.dataIn() != (write ? ScsiRequest.TO_DEVICE : ScsiRequest.TO_GUEST)) {
            return ScsiResult.invalidRequest();
        }
        long start = range.first() * blockSize();
        try {
            if (write) {
                write(image, request, start, (int) bytes);
                if (range.forceUnitAccess()) {
                    image.flush();
                }
                statistics.written((int) bytes);
            } else {
                request.buffer().forEachRun(0, (int) bytes, true, (run, position) -> image.read(start + position, run));
                statistics.read((int) bytes);
            }
            return ScsiResult.good((int) bytes);
        } catch (IOException failure) {
            return failed(write ? "write" : "read", image, failure, write ? Sense.WRITE_ERROR : Sense.READ_ERROR);
        }
    }

    /**
     * Writes from guest pages. The guest may change them meanwhile: what arrives is then either, which is its own affair. A
     * run that ends inside a sector is joined with the next.
     */
    private void write(DiskImage image, ScsiRequest request, long start, int bytes) throws IOException {
        boolean[] broken = {false};
        request.buffer().forEachRun(0, bytes, false, (run, position) -> broken[0] |= ((position | (int) run.byteSize()) & 511) != 0);
        if (!broken[0]) {
            request.buffer().forEachRun(0, bytes, false, (run, position) -> image.write(start + position, run));
            return;
        }
        MemorySegment whole = MemorySegment.ofArray(new byte[bytes]);
        request.buffer().forEachRun(0, bytes, false,
                (run, position) -> MemorySegment.copy(run, 0, whole, position, run.byteSize()));
        image.write(start, whole);
    }

    /** Notes an error of the host and tells the guest by sense data; the VM goes on. */
    final ScsiResult failed(String what, DiskImage image, IOException failure, Sense sense) {
        statistics.failed();
        System.getLogger("org.viridian.devices.storage").log(System.Logger.Level.ERROR,
                "{0} of {1} failed: {2}", what, image.location(), failure);
        boolean full = failure.getMessage() != null && failure.getMessage().contains("No space left");
        return ScsiResult.check(full ? Sense.SPACE_ALLOCATION_FAILED : sense);
    }
}
