package org.viridian.devices.input;

/** PS/2 set 1 scan codes with their prefix folded in: the one key identity inside the house. */
public final class ScanCode {
    /** The code is preceded by byte E0. */
    public static final int E0 = 0x100;
    /** The code is preceded by byte E1 (Pause). */
    public static final int E1 = 0x200;

    private ScanCode() {}
}
