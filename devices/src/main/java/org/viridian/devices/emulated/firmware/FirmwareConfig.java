package org.viridian.devices.emulated.firmware;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.viridian.devices.emulated.EmulatedDevice;
import org.viridian.engine.bus.PortBus;
import org.viridian.engine.bus.PortHandler;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.GuestMemoryException;

/**
 * The firmware configuration device (QEMU, docs/specs/fw_cfg): items by number, files by name, read byte by byte through
 * ports 510–511 or copied to RAM through the DMA register at 514. Read-only for the guest.
 *
 * <p>Thread rule: {@link #file} and {@link #item} while the processors stand; the rest under the device lock.
 */
public final class FirmwareConfig extends EmulatedDevice implements PortHandler {
    private static final int SELECTOR = 0x510;
    private static final int DATA = 0x511;
    private static final int DMA = 0x514;
    private static final int SIGNATURE = 0;
    private static final int FEATURES = 1;
    private static final int MEMORY_SIZE = 3;
    private static final int PROCESSORS = 5;
    private static final int NUMA = 0x0D;
    private static final int BOOT_MENU = 0x0E;
    private static final int MAX_PROCESSORS = 0x0F;
    private static final int DIRECTORY = 0x19;
    private static final int FIRST_FILE = 0x20;
    private static final int ENTRY = 64;
    private static final int NAME_LENGTH = 56;

    private static final int DMA_ERROR = 1;
    private static final int DMA_READ = 2;
    private static final int DMA_SKIP = 4;
    private static final int DMA_SELECT = 8;
    private static final int DMA_WRITE = 16;
    private static final int DMA_DESCRIPTOR = 16;

    /** Volatile state. */
    public record State(int key, int offset, int dmaHigh) {}

    // Static: the items.
    private final Map<Integer, byte[]> items = new TreeMap<>();
    private final Map<String, byte[]> files = new TreeMap<>();

    // Glue.
    private final GuestMemory memory;

    // Volatile.
    private int key;
    private int offset;
    private int dmaHigh;

    /** @param memory where the DMA register's descriptors and targets lie */
    public FirmwareConfig(GuestMemory memory, int processors, long memoryBytes, LongSupplier clock) {
        super("fw-cfg", "Firmware configuration", "system", clock);
        this.memory = memory;
        node().resource("ports", () -> "0510-051b");
        node().resource("files", () -> String.join(", ", files.keySet()));
        items.put(SIGNATURE, "QEMU".getBytes(StandardCharsets.US_ASCII));
        item(FEATURES, 4, 3);
        item(MEMORY_SIZE, 8, memoryBytes);
        item(PROCESSORS, 2, processors);
        item(MAX_PROCESSORS, 2, processors);
        item(NUMA, 8, 0);
        item(BOOT_MENU, 2, 0);
        // Old-style tables: none, and no memory map but the file.
        item(0x8000, 2, 0);
        item(0x8001, 2, 0);
        item(0x8002, 4, 1);
        item(0x8003, 4, 0);
        index();
    }

    /** Registers the ports. */
    public void attach(PortBus ports) {
        ports.register(SELECTOR, 2, this);
        ports.register(DMA, 8, this);
    }

    /** Sets a little-endian item. */
    public void item(int number, int size, long value) {
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) {
            bytes[i] = (byte) (value >>> 8 * i);
        }
        items.put(number, bytes);
    }

    /** Adds or replaces a file; a null content takes it away. */
    public void file(String name, byte[] content) {
        if (name.length() >= NAME_LENGTH) {
            throw new IllegalArgumentException("firmware file name " + name);
        }
        if (content == null) {
            files.remove(name);
        } else {
            files.put(name, content.clone());
        }
        index();
    }

    /** Shows the boot menu at the next start, or not. */
    public void bootMenu(boolean shown) {
        item(BOOT_MENU, 2, shown ? 1 : 0);
    }

    /** Gives the files their numbers, in the order of their names, and writes the directory. */
    private void index() {
        items.keySet().removeIf(number -> number >= FIRST_FILE && number < 0x8000);
        ByteBuffer directory = ByteBuffer.allocate(4 + ENTRY * files.size()).order(ByteOrder.BIG_ENDIAN);
        directory.putInt(files.size());
        int number = FIRST_FILE;
        List<byte[]> contents = new ArrayList<>();
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            directory.putInt(file.getValue().length).putShort((short) number).putShort((short) 0);
            directory.put(Arrays.copyOf(file.getKey().getBytes(StandardCharsets.US_ASCII), NAME_LENGTH));
            contents.add(file.getValue());
            items.put(number, file.getValue());
            number++;
        }
        items.put(DIRECTORY, directory.array());
    }

    private byte[] selected() {
        return items.getOrDefault(key, new byte[0]);
    }

    private int next() {
        byte[] item = selected();
        return offset < item.length ? item[offset++] & 0xFF : 0;
    }

    private void select(int number) {
        key = number & 0xFFFF;
        offset = 0;
    }

    @Override
    public int read(int port, int size) {
        accessed();
        if (port >= DMA) {
            // The DMA register reads as its signature, most significant byte first.
            byte[] signature = "QEMU CFG".getBytes(StandardCharsets.US_ASCII);
            int value = 0;
            for (int i = 0; i < size && port - DMA + i < signature.length; i++) {
                value |= (signature[port - DMA + i] & 0xFF) << 8 * i;
            }
            return value;
        }
        if (port != DATA) {
            return 0;
        }
        return size == 1 ? next() : -1;
    }

    @Override
    public void write(int port, int size, int value) {
        accessed();
        if (port == SELECTOR && size == 2) {
            select(value);
        } else if (port == DMA && size == 4) {
            dmaHigh = Integer.reverseBytes(value);
        } else if (port == DMA + 4 && size == 4) {
            transfer((long) dmaHigh << 32 | Integer.reverseBytes(value) & 0xFFFF_FFFFL);
            dmaHigh = 0;
        }
    }

    /** One DMA request; its control word becomes zero, or the error bit, when it is done. */
    private void transfer(long descriptor) {
        try {
            byte[] bytes = new byte[DMA_DESCRIPTOR];
            memory.read(descriptor, bytes, 0, bytes.length);
            ByteBuffer request = ByteBuffer.wrap(bytes).order(ByteOrder.BIG_ENDIAN);
            int control = request.getInt(0);
            int length = request.getInt(4);
            long address = request.getLong(8);
            if ((control & DMA_SELECT) != 0) {
                select(control >>> 16);
            }
            int result = 0;
            if ((control & DMA_READ) != 0) {
                result = copy(address, length & 0xFFFF_FFFFL) ? 0 : DMA_ERROR;
            } else if ((control & DMA_SKIP) != 0) {
                offset = (int) Math.min(selected().length, offset + (length & 0xFFFF_FFFFL));
            } else if ((control & DMA_WRITE) != 0) {
                result = DMA_ERROR;
            }
            memory.writeInt(descriptor, Integer.reverseBytes(result));
        } catch (GuestMemoryException outside) {
            // No descriptor there: nothing to answer to.
            return;
        }
    }

    /** The item's bytes, then zeros. */
    private boolean copy(long address, long length) {
        byte[] item = selected();
        int present = (int) Math.min(length, item.length - offset);
        try {
            if (present > 0) {
                memory.write(address, item, offset, present);
            }
            if (length > present) {
                memory.clear(address + present, length - present);
            }
        } catch (GuestMemoryException outside) {
            return false;
        }
        offset += present;
        return true;
    }

    @Override
    public void reset() {
        idleAfterReset();
        select(0);
        dmaHigh = 0;
    }

    @Override
    public Record save() {
        return new State(key, offset, dmaHigh);
    }

    @Override
    public void restore(Record state) {
        State s = own(State.class, state);
        select(s.key);
        offset = Math.clamp(s.offset, 0, selected().length);
        dmaHigh = s.dmaHigh;
    }
}
