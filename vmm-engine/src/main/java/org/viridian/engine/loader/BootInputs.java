package org.viridian.engine.loader;

import java.util.Optional;
import org.viridian.engine.firmware.BoardMap;

/**
 * What a kernel is given at its start.
 *
 * @param memoryBytes RAM of the VM, laid out as {@link BoardMap#ram} says
 * @param ramDisk initial RAM disk, or the only multiboot module
 * @param commandLine kernel command line
 * @param rsdp address of the ACPI root pointer
 */
public record BootInputs(long memoryBytes, Optional<RamDisk> ramDisk, String commandLine, long rsdp) {
    /** First byte behind RAM below 4 GiB. */
    long lowMemoryEnd() {
        return BoardMap.ram(memoryBytes).get(1).end();
    }
}
