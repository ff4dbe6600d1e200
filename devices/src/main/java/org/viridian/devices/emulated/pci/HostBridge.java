package org.viridian.devices.emulated.pci;

import org.viridian.devices.emulated.firmware.ShadowMemory;

/**
 * The 82443BX host bridge, AGP disabled (Intel 290633): identity, PAM over the shadow memory, and its DRAM and SMRAM
 * registers as storage.
 *
 * <p>SeaBIOS unlocks shadow RAM and routes interrupts only on bridges it knows, of which the 440FX (8086:1237) has the
 * same PAM registers. With firmware the bridge therefore starts as 440FX and becomes the 440BX with the write that locks
 * the BIOS segment, SeaBIOS' last before it boots.
 */
public final class HostBridge extends PciFunction {
    private static final int DEVICE_ID = 0x02;
    private static final int ID_440BX = 0x7192;
    private static final int ID_440FX = 0x1237;
    private static final int PAM0 = 0x59;
    private static final int PAM_LAST = 0x5F;
    private static final int BIOS_SEGMENT = ShadowMemory.SEGMENTS - 1;
    private static final int SMRAM_OPEN = 0x40;
    private static final int SMRAM_LOCK = 0x10;

    private final ShadowMemory shadow;
    private boolean locked;

    /** The bridge at 00:00.0 of a machine without firmware: C0000–FFFFF is always RAM, so PAM moves nothing. */
    public HostBridge() {
        this(null);
    }

    /** The bridge at 00:00.0; {@code shadow} is what its PAM registers move, or null. */
    public HostBridge(ShadowMemory shadow) {
        super(0x8086, shadow == null ? ID_440BX : ID_440FX, 3, 0x06_0000);
        this.shadow = shadow;
        define(0x04, 2, 0x0006, 0x0100);
        define(0x06, 2, 0x0200, 0);
        defineClearedByOne(0x06, 2, 0xF000);
        define(0x0D, 1, 0, 0xF8);
        define(0x50, 4, 0, -1);
        define(0x54, 4, 0, -1);
        define(0x58, 1, 0, 0xFF);
        // PAM0-PAM6: read and write enable per segment; PAM0 has no low half.
        define(PAM0, 1, 0, 0x30);
        for (int pam = PAM0 + 1; pam <= PAM_LAST; pam++) {
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
        if (shadow != null && offset <= PAM_LAST && offset + size > PAM0) {
            applyPam();
        }
    }

    private void applyPam() {
        int bios = read(PAM0, 1) >> 4;
        if (locked != (bios == ShadowMemory.READ_RAM)) {
            locked = !locked;
            define(DEVICE_ID, 2, locked ? ID_440BX : ID_440FX, 0);
        }
        for (int segment = 0; segment < BIOS_SEGMENT; segment++) {
            shadow.map(segment, read(PAM0 + 1 + segment / 2, 1) >> 4 * (segment % 2) & 3);
        }
        shadow.map(BIOS_SEGMENT, bios & 3);
    }

    @Override
    public void reset() {
        super.reset();
        if (shadow != null) {
            applyPam();
        }
    }
}
