package org.viridian.devices.synthetic.storage;

/** Operation codes of SCSI commands (SPC-4, SBC-3, MMC-6). */
final class Opcode {
    static final int TEST_UNIT_READY = 0x00;
    static final int REQUEST_SENSE = 0x03;
    static final int READ_6 = 0x08;
    static final int WRITE_6 = 0x0A;
    static final int INQUIRY = 0x12;
    static final int MODE_SELECT_6 = 0x15;
    static final int MODE_SENSE_6 = 0x1A;
    static final int START_STOP_UNIT = 0x1B;
    static final int SEND_DIAGNOSTIC = 0x1D;
    static final int PREVENT_ALLOW = 0x1E;
    static final int READ_CAPACITY_10 = 0x25;
    static final int READ_10 = 0x28;
    static final int WRITE_10 = 0x2A;
    static final int VERIFY_10 = 0x2F;
    static final int SYNCHRONIZE_CACHE_10 = 0x35;
    static final int WRITE_SAME_10 = 0x41;
    static final int UNMAP = 0x42;
    static final int READ_TOC = 0x43;
    static final int GET_CONFIGURATION = 0x46;
    static final int GET_EVENT_STATUS = 0x4A;
    static final int READ_DISC_INFORMATION = 0x51;
    static final int READ_TRACK_INFORMATION = 0x52;
    static final int MODE_SELECT_10 = 0x55;
    static final int MODE_SENSE_10 = 0x5A;
    static final int READ_16 = 0x88;
    static final int WRITE_16 = 0x8A;
    static final int VERIFY_16 = 0x8F;
    static final int SYNCHRONIZE_CACHE_16 = 0x91;
    static final int WRITE_SAME_16 = 0x93;
    static final int SERVICE_ACTION_IN = 0x9E;
    static final int REPORT_LUNS = 0xA0;
    static final int READ_12 = 0xA8;
    static final int WRITE_12 = 0xAA;
    static final int VERIFY_12 = 0xAF;
    static final int MECHANISM_STATUS = 0xBD;

    private Opcode() {}

    /** How a command uses the medium, or null when it does not and can be answered at once. */
    static DiskWorkers.Kind work(int opcode) {
        return switch (opcode) {
            case READ_6, READ_10, READ_12, READ_16 -> DiskWorkers.Kind.READ;
            case WRITE_6, WRITE_10, WRITE_12, WRITE_16, WRITE_SAME_10, WRITE_SAME_16, UNMAP -> DiskWorkers.Kind.WRITE;
            case SYNCHRONIZE_CACHE_10, SYNCHRONIZE_CACHE_16 -> DiskWorkers.Kind.FLUSH;
            default -> null;
        };
    }
}
