package org.viridian.app.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.viridian.app.text.Text;

/** What memory the host can still give. */
final class HostMemory {
    private static final Path MEMINFO = Path.of("/proc/meminfo");

    private HostMemory() {}

    /**
     * Refuses a machine that the host cannot hold: guest memory is committed as it is touched, so without this check the
     * host would kill a process later instead of saying no now.
     */
    static void require(long bytes) throws MachineException {
        long available = available();
        if (available >= 0 && bytes > available) {
            throw new MachineException(MachineException.Kind.HOST,
                    Text.of("machine.memory.short", bytes >> 20, available >> 20), null);
        }
    }

    /** Bytes the kernel says it can give without swapping, or -1 where it does not say. */
    private static long available() {
        try {
            for (String line : Files.readAllLines(MEMINFO)) {
                if (line.startsWith("MemAvailable:")) {
                    return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
                }
            }
        } catch (IOException | NumberFormatException unknown) {
            return -1;
        }
        return -1;
    }
}
