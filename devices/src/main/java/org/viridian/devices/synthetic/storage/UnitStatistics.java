package org.viridian.devices.synthetic.storage;

import org.viridian.engine.clock.VmClock;
import org.viridian.engine.device.Counter;
import org.viridian.engine.device.DeviceKind;
import org.viridian.engine.device.DeviceNode;
import org.viridian.engine.device.DeviceState;

/** What one disk or drive has done, as its own node in the device tree, and its share in the controller's sums. */
final class UnitStatistics {
    private final DeviceNode node;
    private final Counter reads;
    private final Counter writes;
    private final Counter flushes;
    private final Counter discards;
    private final Counter errors;
    private final Counter bytesRead;
    private final Counter bytesWritten;
    private final Counter allBytesRead;
    private final Counter allBytesWritten;

    UnitStatistics(String id, String name, VmClock clock, Counter allBytesRead, Counter allBytesWritten) {
        this.node = new DeviceNode(id, name, DeviceKind.SYNTHETIC, "disk", DeviceState.ACTIVE, clock::nanoTime);
        this.bytesRead = node.counter("bytes-read");
        this.bytesWritten = node.counter("bytes-written");
        this.reads = node.counter("reads");
        this.writes = node.counter("writes");
        this.flushes = node.counter("flushes");
        this.discards = node.counter("discards");
        this.errors = node.counter("errors");
        this.allBytesRead = allBytesRead;
        this.allBytesWritten = allBytesWritten;
    }

    DeviceNode node() {
        return node;
    }

    void read(int bytes) {
        reads.increment();
        bytesRead.add(bytes);
        allBytesRead.add(bytes);
    }

    void written(int bytes) {
        writes.increment();
        bytesWritten.add(bytes);
        allBytesWritten.add(bytes);
    }

    void flushed() {
        flushes.increment();
    }

    void discarded() {
        discards.increment();
    }

    void failed() {
        errors.increment();
    }
}
