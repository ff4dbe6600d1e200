package org.viridian.devices.synthetic.storage;

/**
 * Why a command failed or what the initiator should know (SPC-4, section 4.5).
 *
 * @param key sense key
 * @param asc additional sense code
 * @param ascq its qualifier
 */
record Sense(int key, int asc, int ascq) {
    static final Sense NONE = new Sense(0, 0, 0);
    static final Sense INVALID_OPCODE = new Sense(5, 0x20, 0);
    static final Sense LBA_OUT_OF_RANGE = new Sense(5, 0x21, 0);
    static final Sense INVALID_FIELD_IN_CDB = new Sense(5, 0x24, 0);
    static final Sense WRITE_PROTECTED = new Sense(7, 0x27, 0);
    static final Sense READ_ERROR = new Sense(3, 0x11, 0);
    static final Sense WRITE_ERROR = new Sense(3, 0x0C, 0);
    static final Sense NO_MEDIUM_TRAY_CLOSED = new Sense(2, 0x3A, 1);
    static final Sense NO_MEDIUM_TRAY_OPEN = new Sense(2, 0x3A, 2);
    static final Sense MEDIUM_CHANGED = new Sense(6, 0x28, 0);
    static final Sense CAPACITY_CHANGED = new Sense(6, 0x2A, 9);
    static final Sense INVALID_PARAMETER = new Sense(5, 0x26, 0);
    static final Sense PARAMETER_LENGTH = new Sense(5, 0x1A, 0);
    /** The host's disk is full: what Linux reports as "no space" instead of as a broken disk. */
    static final Sense SPACE_ALLOCATION_FAILED = new Sense(7, 0x27, 7);
    static final Sense INTERNAL_TARGET_FAILURE = new Sense(4, 0x44, 0);
    static final Sense MEDIUM_REMOVAL_PREVENTED = new Sense(5, 0x53, 2);

    /** Bytes of {@link #fixed}. */
    static final int SIZE = 18;

    /** Fixed format. */
    byte[] fixed() {
        byte[] bytes = new byte[SIZE];
        bytes[0] = 0x70;
        bytes[2] = (byte) key;
        bytes[7] = 0x0A;
        bytes[12] = (byte) asc;
        bytes[13] = (byte) ascq;
        return bytes;
    }
}
