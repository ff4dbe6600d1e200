package org.viridian.devices.emulated.pci;

/**
 * The 82443BX host bridge, AGP disabled (Intel 290633): identity, and its DRAM, PAM and SMRAM registers as storage.
 * C0000–FFFFF is always RAM here, so PAM moves nothing.
 */
public final class HostBridge extends PciFunction {
    private static final int SMRAM_OPEN = 0x40;
    private static final int SMRAM_LOCK = 0x10;

    /** The bridge at 00:00.0. */
    public HostBridge() {
        super(0x8086, 0x7192, 3, 0x06_0000);
        define(0x04, 2, 0x0006, 0x0100);
        define(0x06, 2, 0x0200, 0);
        defineClearedByOne(0x06, 2, 0xF000);
        define(0x0D, 1, 0, 0xF8);
        define(0x50, 4, 0, -1);
        define(0x54, 4, 0, -1);
        define(0x58, 1, 0, 0xFF);
        // PAM0-PAM6: read and write enable per segment; PAM0 has no low half.
        define(0x59, 1, 0, 0x30);
        for (int pam = 0x5A; pam <= 0x5F; pam++) {
            define(pam, 1, 0, 0x33);
        }
        define(0x60, 4, 0x0101_0101, -1);
        define(0x64, 4, 0x0101_0101, -1);
        define(0x72, 1, 0x02, 0x78);
        define(0xF8, 4, 0x0000_0F20, 0);
    }

    @Override
    protected void written(int offset, int size) {
        int smram = read(0x72, 1);
        if ((smram & SMRAM_LOCK) != 0 && (smram & SMRAM_OPEN) != 0) {
            // The lock closes SMRAM for good; the bit itself stays set until reset.
            write(0x72, 1, smram & ~SMRAM_OPEN);
        }
    }
}
