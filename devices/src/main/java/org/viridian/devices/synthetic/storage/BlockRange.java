package org.viridian.devices.synthetic.storage;

/**
 * The blocks that a READ, WRITE or VERIFY names (SBC-3, section 5).
 *
 * @param first logical block address; negative when it does not fit 63 bits
 * @param count blocks
 * @param forceUnitAccess the data must be durable when the command completes
 */
record BlockRange(long first, long count, boolean forceUnitAccess) {
    private static final int FUA = 0x08;

    static BlockRange of(ScsiRequest request) {
        return switch (request.opcode() >> 5) {
            case 0 -> new BlockRange(request.u24(1) & 0x1F_FFFF, request.u8(4) == 0 ? 256 : request.u8(4), false);
            case 4 -> new BlockRange(request.u64(2), request.u32(10), request.bit(1, FUA));
            case 5 -> new BlockRange(request.u32(2), request.u32(6), request.bit(1, FUA));
            default -> new BlockRange(request.u32(2), request.u16(7), request.bit(1, FUA));
        };
    }

    /** True when all of it lies on a medium of {@code blocks} blocks. */
    boolean inside(long blocks) {
        return first >= 0 && first <= blocks && count <= blocks - first;
    }
}
