package org.viridian.engine.memory;

/** A guest physical range that is not backed by RAM was named; the caller decides what the guest is told. */
public final class GuestMemoryException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final long address;
    private final long length;

    /**
     * @param address first guest physical byte of the range
     * @param length bytes in the range
     */
    public GuestMemoryException(long address, long length) {
        super("guest physical range 0x%x+0x%x is not RAM".formatted(address, length), null, false, false);
        this.address = address;
        this.length = length;
    }

    /** First guest physical byte of the refused range. */
    public long address() {
        return address;
    }

    /** Bytes in the refused range. */
    public long length() {
        return length;
    }
}
