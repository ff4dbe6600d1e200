package org.viridian.devices.emulated;

import java.util.function.LongSupplier;
import org.viridian.engine.bus.PortHandler;

/** A device of 8-bit registers: wider accesses are split into bytes at ascending ports, as the ISA bus does. */
public abstract class BytePortDevice extends EmulatedDevice implements PortHandler {
    /** See {@link EmulatedDevice}. */
    protected BytePortDevice(String id, String name, String type, LongSupplier clock) {
        super(id, name, type, clock);
    }

    @Override
    public final int read(int port, int size) {
        accessed();
        int value = 0;
        for (int i = 0; i < size; i++) {
            value |= (readByte(port + i) & 0xFF) << (8 * i);
        }
        return value;
    }

    @Override
    public final void write(int port, int size, int value) {
        accessed();
        for (int i = 0; i < size; i++) {
            writeByte(port + i, (value >>> (8 * i)) & 0xFF);
        }
    }

    /** Reads one register; ports that are not the device's own must read FF. */
    protected abstract int readByte(int port);

    /** Writes one register; ports that are not the device's own must be ignored. */
    protected abstract void writeByte(int port, int value);
}
