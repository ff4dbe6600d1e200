package org.viridian.devices.emulated.firmware;

import org.viridian.devices.emulated.timer.Rtc;

/** What a PC's set-up program leaves in CMOS for its firmware: memory sizes and equipment (SeaBIOS, src/hw/rtc.h). */
public final class FirmwareCmos {
    private static final int EQUIPMENT = 0x14;
    private static final int BASE_MEMORY = 0x15;
    private static final int EXTENDED = 0x17;
    private static final int EXTENDED_AGAIN = 0x30;
    private static final int ABOVE_16_MIB = 0x34;
    private static final int ABOVE_4_GIB = 0x5B;
    private static final int BOOT_FLAGS = 0x38;
    private static final long KIB = 1024;
    private static final long MIB = 1 << 20;
    private static final int UNIT = 64 << 10;
    /** FPU and PS/2 mouse present, colour display. */
    private static final int EQUIPPED = 0x06;
    private static final int NO_FLOPPY_SIGNATURE_CHECK = 1;

    private FirmwareCmos() {}

    /**
     * Writes the sizes.
     *
     * @param low first byte behind the RAM below 4 GiB
     * @param high bytes of RAM above 4 GiB
     */
    public static void describe(Rtc rtc, long low, long high) {
        rtc.cmos(EQUIPMENT, EQUIPPED);
        put(rtc, BASE_MEMORY, 640, 2);
        long extended = Math.min((low - MIB) / KIB, 0xFFFF);
        put(rtc, EXTENDED, extended, 2);
        put(rtc, EXTENDED_AGAIN, extended, 2);
        put(rtc, ABOVE_16_MIB, Math.min(Math.max(0, low - 16 * MIB) / UNIT, 0xFFFF), 2);
        put(rtc, ABOVE_4_GIB, high / UNIT, 3);
        rtc.cmos(BOOT_FLAGS, NO_FLOPPY_SIGNATURE_CHECK);
    }

    private static void put(Rtc rtc, int register, long value, int bytes) {
        for (int i = 0; i < bytes; i++) {
            rtc.cmos(register + i, (int) (value >>> 8 * i) & 0xFF);
        }
    }
}
