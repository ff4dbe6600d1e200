package org.viridian.devices.synthetic.storage;

/**
 * What became of a command.
 *
 * @param srbStatus SRB status
 * @param scsiStatus SCSI status
 * @param transferred bytes really moved
 * @param sense sense data, or null
 */
record ScsiResult(int srbStatus, int scsiStatus, int transferred, Sense sense) {
    private static final int SRB_SUCCESS = 0x01;
    private static final int SRB_ERROR_WITH_SENSE = 0x84;
    private static final int SRB_INVALID_REQUEST = 0x06;
    private static final int SRB_INVALID_LUN = 0x20;
    private static final int CHECK_CONDITION = 2;

    static ScsiResult good(int transferred) {
        return new ScsiResult(SRB_SUCCESS, 0, transferred, null);
    }

    static ScsiResult check(Sense sense) {
        return new ScsiResult(SRB_ERROR_WITH_SENSE, CHECK_CONDITION, 0, sense);
    }

    /** The request itself, not the command in it, is broken. */
    static ScsiResult invalidRequest() {
        return new ScsiResult(SRB_INVALID_REQUEST, CHECK_CONDITION, 0, null);
    }

    static ScsiResult invalidLun() {
        return new ScsiResult(SRB_INVALID_LUN, CHECK_CONDITION, 0, null);
    }

    boolean succeeded() {
        return srbStatus == SRB_SUCCESS;
    }

    boolean lunMissing() {
        return srbStatus == SRB_INVALID_LUN;
    }
}
