package org.viridian.devices.synthetic.storage;

import org.viridian.devices.storage.DiskImage;

/** A DVD-ROM drive with a disc or without (MMC-6): one session, one data track, 2048-byte blocks, read only. */
final class ScsiDvd extends LogicalUnit {
    private static final int BLOCK = 2048;
    private static final int PROFILE_CD_ROM = 0x08;
    private static final int PROFILE_DVD_ROM = 0x10;
    private static final int DATA_TRACK = 0x14;
    private static final int LEAD_OUT = 0xAA;
    private static final int MODE_CAPABILITIES = 0x2A;
    private static final int MODE_ALL = 0x3F;
    private static final int EVENT_CLASS_MEDIA = 4;
    private static final int EVENT_NEW_MEDIA = 2;
    private static final int EVENT_REMOVED = 3;

    private volatile DiskImage disc;
    private volatile boolean trayOpen;
    private volatile boolean locked;
    private volatile int mediaEvent;

    ScsiDvd(DiskImage disc, UnitStatistics statistics) {
        super(statistics);
        this.disc = disc;
    }

    /** Puts a disc in, or takes it out with null. The caller closes the old image. */
    void change(DiskImage next) {
        disc = next;
        trayOpen = false;
        locked &= next != null;
        mediaEvent = next == null ? EVENT_REMOVED : EVENT_NEW_MEDIA;
        if (next != null) {
            raiseAttention(Sense.MEDIUM_CHANGED);
        }
    }

    /** Forgets what the last guest did to the drive. */
    void reset() {
        locked = false;
        trayOpen = false;
        mediaEvent = 0;
    }

    /** Whether the guest has asked that the disc stay. */
    boolean locked() {
        return locked && medium() != null;
    }

    @Override
    boolean thin() {
        return false;
    }

    @Override
    int deviceType() {
        return 5;
    }

    @Override
    boolean removable() {
        return true;
    }

    @Override
    String product() {
        return "Virtual DVD-ROM";
    }

    @Override
    int blockSize() {
        return BLOCK;
    }

    @Override
    DiskImage medium() {
        return trayOpen ? null : disc;
    }

    @Override
    Sense noMedium() {
        return trayOpen ? Sense.NO_MEDIUM_TRAY_OPEN : Sense.NO_MEDIUM_TRAY_CLOSED;
    }

    @Override
    byte[] vitalProductData(int page) {
        return page == 0 ? new byte[] {5, 0, 0, 1, 0} : null;
    }

    @Override
    byte[] modePages(int page) {
        if (page != MODE_CAPABILITIES && page != MODE_ALL) {
            return new byte[0];
        }
        byte[] capabilities = new byte[20];
        capabilities[0] = MODE_CAPABILITIES;
        capabilities[1] = (byte) (capabilities.length - 2);
        // Reads CD-R, CD-RW, DVD-ROM; tray that locks and ejects.
        capabilities[2] = 0x0B;
        capabilities[6] = 0x29;
        return capabilities;
    }

    @Override
    ScsiResult executeOwn(ScsiRequest request) {
        return switch (request.opcode()) {
            case Opcode.GET_CONFIGURATION -> configuration(request);
            case Opcode.GET_EVENT_STATUS -> eventStatus(request);
            case Opcode.READ_TOC -> medium() == null ? ScsiResult.check(noMedium()) : tableOfContents(request);
            case Opcode.READ_DISC_INFORMATION -> medium() == null ? ScsiResult.check(noMedium()) : discInformation(request);
            case Opcode.READ_TRACK_INFORMATION -> medium() == null ? ScsiResult.check(noMedium()) : trackInformation(request);
            case Opcode.MECHANISM_STATUS -> request.reply(new byte[] {0, (byte) (trayOpen ? 0x10 : 0), 0, 0, 0, 1, 0, 0}, request.u16(8));
            case Opcode.START_STOP_UNIT -> startStop(request);
            case Opcode.PREVENT_ALLOW -> {
                locked = request.bit(4, 1);
                yield ScsiResult.good(0);
            }
            case Opcode.WRITE_6, Opcode.WRITE_10, Opcode.WRITE_12, Opcode.WRITE_16 -> ScsiResult.check(Sense.INVALID_OPCODE);
            default -> null;
        };
    }

    private ScsiResult startStop(ScsiRequest request) {
        boolean loadOrEject = request.bit(4, 2);
        if (!loadOrEject) {
            return ScsiResult.good(0);
        }
        boolean load = request.bit(4, 1);
        if (!load && locked) {
            return ScsiResult.check(Sense.MEDIUM_REMOVAL_PREVENTED);
        }
        if (load == trayOpen) {
            trayOpen = !load;
            mediaEvent = load && disc != null ? EVENT_NEW_MEDIA : EVENT_REMOVED;
            if (load && disc != null) {
                raiseAttention(Sense.MEDIUM_CHANGED);
            }
        }
        return ScsiResult.good(0);
    }

    private ScsiResult configuration(ScsiRequest request) {
        boolean present = medium() != null;
        byte[] data = new byte[8 + 12 + 12 + 8 + 8 + 12 + 8 + 8 + 8 + 8];
        int at = 8;
        at = feature(data, at, 0x0000, 0x03, 8);
        BigEndian.put16(data, at - 8, PROFILE_DVD_ROM);
        data[at - 6] = (byte) (present ? 1 : 0);
        BigEndian.put16(data, at - 4, PROFILE_CD_ROM);
        at = feature(data, at, 0x0001, 0x0B, 8);
        data[at - 5] = 1;
        data[at - 4] = 1;
        at = feature(data, at, 0x0002, 0x03, 4);
        at = feature(data, at, 0x0003, 0x03, 4);
        // Tray that ejects and locks.
        data[at - 4] = 0x29;
        at = feature(data, at, 0x0010, present ? 1 : 0, 8);
        BigEndian.put32(data, at - 8, BLOCK);
        BigEndian.put16(data, at - 4, 16);
        at = feature(data, at, 0x001E, 0, 4);
        at = feature(data, at, 0x001F, present ? 1 : 0, 4);
        at = feature(data, at, 0x0100, 0x03, 0);
        at = feature(data, at, 0x0105, 0x03, 4);
        BigEndian.put32(data, 0, at - 4);
        BigEndian.put16(data, 6, present ? PROFILE_DVD_ROM : 0);
        return request.reply(java.util.Arrays.copyOf(data, at), request.u16(7));
    }

    /** Begins a feature descriptor and returns the offset behind its {@code length} bytes of data. */
    private static int feature(byte[] data, int at, int code, int flags, int length) {
        BigEndian.put16(data, at, code);
        data[at + 2] = (byte) flags;
        data[at + 3] = (byte) length;
        return at + 4 + length;
    }

    private ScsiResult eventStatus(ScsiRequest request) {
        if (!request.bit(1, 1)) {
            return ScsiResult.check(Sense.INVALID_FIELD_IN_CDB);
        }
        boolean media = request.bit(4, 1 << EVENT_CLASS_MEDIA);
        byte[] data = new byte[media ? 8 : 4];
        BigEndian.put16(data, 0, data.length - 2);
        data[2] = (byte) (media ? EVENT_CLASS_MEDIA : 0x80);
        data[3] = 1 << EVENT_CLASS_MEDIA;
        if (media) {
            data[4] = (byte) mediaEvent;
            mediaEvent = 0;
            data[5] = (byte) ((trayOpen ? 1 : 0) | (medium() != null ? 2 : 0));
        }
        return request.reply(data, request.u16(7));
    }

    private ScsiResult tableOfContents(ScsiRequest request) {
        boolean minutes = request.bit(1, 2);
        int format = request.u8(2) & 0x0F;
        int firstTrack = request.u8(6);
        long end = blocks(medium());
        byte[] data;
        if (format == 1) {
            data = new byte[] {0, 10, 1, 1, 0, DATA_TRACK, 1, 0, 0, 0, 0, 0};
            address(data, 8, 0, minutes);
        } else if (format == 0 && (firstTrack <= 1 || firstTrack == LEAD_OUT)) {
            boolean withTrack = firstTrack <= 1;
            data = new byte[4 + (withTrack ? 16 : 8)];
            BigEndian.put16(data, 0, data.length - 2);
            data[2] = 1;
            data[3] = 1;
            int at = 4;
            if (withTrack) {
                data[at + 1] = DATA_TRACK;
                data[at + 2] = 1;
                address(data, at + 4, 0, minutes);
                at += 8;
            }
            data[at + 1] = DATA_TRACK;
            data[at + 2] = (byte) LEAD_OUT;
            address(data, at + 4, end, minutes);
        } else {
            return ScsiResult.check(Sense.INVALID_FIELD_IN_CDB);
        }
        return request.reply(data, request.u16(7));
    }

    private static void address(byte[] data, int at, long block, boolean minutes) {
        if (!minutes) {
            BigEndian.put32(data, at, block);
            return;
        }
        long frames = Math.min(block + 150, 255L * 60 * 75);
        data[at + 1] = (byte) (frames / (60 * 75));
        data[at + 2] = (byte) (frames / 75 % 60);
        data[at + 3] = (byte) (frames % 75);
    }

    private ScsiResult discInformation(ScsiRequest request) {
        byte[] data = new byte[34];
        BigEndian.put16(data, 0, data.length - 2);
        // Complete disc, complete last session.
        data[2] = 0x0E;
        data[3] = 1;
        data[4] = 1;
        data[5] = 1;
        data[6] = 1;
        return request.reply(data, request.u16(7));
    }

    private ScsiResult trackInformation(ScsiRequest request) {
        byte[] data = new byte[36];
        BigEndian.put16(data, 0, data.length - 2);
        data[2] = 1;
        data[3] = 1;
        data[5] = 4;
        data[6] = 1;
        BigEndian.put32(data, 24, blocks(medium()));
        return request.reply(data, request.u16(7));
    }
}
