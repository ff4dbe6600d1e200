package org.viridian.devices.emulated.pci;

import java.util.function.BooleanSupplier;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.MemoryRegion;

/**
 * Guest memory as a bus master sees it: reachable only while the function's bus-master bit is set, and only RAM. What
 * leads elsewhere fails as a master abort would; nothing is thrown at the device.
 *
 * <p>Thread rule: any thread.
 */
public final class PciDma {
    private final GuestMemory memory;
    private final BooleanSupplier enabled;

    PciDma(GuestMemory memory, BooleanSupplier enabled) {
        this.memory = memory;
        this.enabled = enabled;
    }

    /** Copies guest memory to {@code target}; false when the bus refused some of it. */
    public boolean read(long address, byte[] target, int offset, int length) {
        return move(address, target, offset, length, false);
    }

    /** Copies {@code source} to guest memory; false when the bus refused some of it. */
    public boolean write(long address, byte[] source, int offset, int length) {
        return move(address, source, offset, length, true);
    }

    /** Region by region: a range may run across the border of two pieces of RAM, such as the one at 1 MiB. */
    private boolean move(long address, byte[] array, int offset, int length, boolean toGuest) {
        if (!enabled.getAsBoolean() || address < 0 || length < 0) {
            return false;
        }
        long at = address;
        int done = 0;
        while (done < length) {
            MemoryRegion region = memory.find(at);
            if (region == null || region.kind() != MemoryRegion.Kind.RAM) {
                return false;
            }
            int run = (int) Math.min(length - done, region.end() - at);
            try {
                if (toGuest) {
                    memory.write(at, array, offset + done, run);
                } else {
                    memory.read(at, array, offset + done, run);
                }
            } catch (org.viridian.engine.memory.GuestMemoryException gone) {
                // The region was taken away between the look and the access.
                return false;
            }
            at += run;
            done += run;
        }
        return true;
    }
}
