package org.viridian.devices.emulated.pci;

import java.util.function.IntPredicate;

/**
 * The PIIX4's power management function at 00:07.3 (82371AB, chapter 7): where the ACPI and SMBus register blocks are.
 * Revision 3, so that Linux reads the PM timer once. Without SMM, DEVACTB bit 25 reads one: SeaBIOS then leaves it be.
 */
public final class PowerFunction extends PciFunction {
    private static final int PM_BASE = 0x40;
    private static final int PM_ENABLE = 0x80;
    private static final int SMB_BASE = 0x90;
    private static final int SMB_ENABLE = 0xD2;

    private final IntPredicate movePm;
    private final IntPredicate moveSmbus;

    /**
     * @param pmBase address of the ACPI block at reset with its decoder on, or 0 to leave it to firmware
     * @param smbusBase the same for SMBus
     * @param movePm places the ACPI block at an address, or nowhere for -1
     * @param moveSmbus the same for SMBus
     */
    public PowerFunction(int pmBase, int smbusBase, IntPredicate movePm, IntPredicate moveSmbus) {
        super(0x8086, 0x7113, 3, 0x06_8000);
        this.movePm = movePm;
        this.moveSmbus = moveSmbus;
        define(0x04, 2, 0, 0x0001);
        define(0x06, 2, 0x0280, 0);
        define(0x3C, 1, 9, 0xFF);
        define(0x3D, 1, 1, 0);
        define(PM_BASE, 4, pmBase | 1, 0xFFC0);
        for (int offset = 0x44; offset < 0x80; offset += 4) {
            define(offset, 4, 0, -1);
        }
        define(0x58, 4, 1 << 25, ~(1 << 25));
        define(PM_ENABLE, 1, pmBase == 0 ? 0 : 1, 1);
        define(SMB_BASE, 4, smbusBase | 1, 0xFFF0);
        define(SMB_ENABLE, 1, smbusBase == 0 ? 0 : 9, 0x0F);
        define(0xD3, 4, 0, -1);
        define(0xD7, 1, 0, 0);
    }

    /** Moves both blocks to where the registers say. */
    public void apply() {
        movePm.test((read(PM_ENABLE, 1) & 1) == 0 ? -1 : read(PM_BASE, 4) & 0xFFC0);
        moveSmbus.test((read(SMB_ENABLE, 1) & 1) == 0 ? -1 : read(SMB_BASE, 4) & 0xFFF0);
    }

    @Override
    protected void written(int offset, int size) {
        apply();
    }

    @Override
    public void reset() {
        super.reset();
        apply();
    }
}
