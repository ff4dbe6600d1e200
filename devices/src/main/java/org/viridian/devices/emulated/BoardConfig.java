package org.viridian.devices.emulated;

import java.time.InstantSource;
import java.util.Optional;
import org.viridian.engine.firmware.BoardMap;

/**
 * What distinguishes one VM's board from another's.
 *
 * @param firmware true when firmware will program the chip set; false leaves it as firmware would: ACPI block placed and
 *     enabled, SCI_EN set
 * @param pmBase ports of the ACPI block without firmware, a multiple of 64
 * @param debugExitPort first port of the debug-exit device, or -1 for none
 * @param wall the host's wall clock, which the RTC shows in UTC
 * @param processors virtual processors; firmware reads it from CMOS
 * @param rom the firmware, if it lies in a ROM of the board
 */
public record BoardConfig(boolean firmware, int pmBase, int debugExitPort, InstantSource wall, int processors,
        Optional<byte[]> rom) {
    /** Refuses what no board can have. */
    public BoardConfig {
        if (pmBase <= 0 || pmBase > 0xFE00 || (pmBase & 0x3F) != 0) {
            throw new IllegalArgumentException("ACPI block at port 0x%x".formatted(pmBase));
        }
        if (debugExitPort > 0xFFFC) {
            throw new IllegalArgumentException("debug exit at port 0x%x".formatted(debugExitPort));
        }
    }

    /** A board for direct Linux boot, without a debug-exit port. */
    public static BoardConfig direct(int processors) {
        return new BoardConfig(false, BoardMap.PM_BASE, -1, InstantSource.system(), processors, Optional.empty());
    }

    /** A board that starts in this firmware, without a debug-exit port. */
    public static BoardConfig withFirmware(int processors, byte[] rom) {
        return new BoardConfig(true, BoardMap.PM_BASE, -1, InstantSource.system(), processors, Optional.of(rom));
    }

    /** This board with the debug-exit device at {@code port}, or without for -1. */
    public BoardConfig withDebugExit(int port) {
        return new BoardConfig(firmware, pmBase, port, wall, processors, rom);
    }
}
