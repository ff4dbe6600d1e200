package org.viridian.devices.emulated.firmware;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.viridian.engine.bus.PortBus;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.MemoryRegion;

/** fw_cfg as QEMU's specification describes it and SeaBIOS reads it. */
class FirmwareConfigTest {
    private final GuestMemory memory = new GuestMemory();
    private final PortBus ports = new PortBus(new ReentrantLock());
    private final FirmwareConfig config = new FirmwareConfig(memory, 2, 64 << 20, () -> 0);

    @BeforeEach
    void attach() {
        memory.add(new MemoryRegion(0, Arena.ofAuto().allocate(1 << 16, 4096), MemoryRegion.Kind.RAM));
        config.attach(ports);
        config.file("bootorder", "HALT".getBytes(StandardCharsets.US_ASCII));
        config.file("etc/e820", new byte[20]);
    }

    private String bytes(int key, int count) {
        ports.write(0x510, 2, key);
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = (byte) ports.read(0x511, 1);
        }
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    @Test
    void signatureAndProcessors() {
        assertEquals("QEMU", bytes(0, 4));
        assertEquals("\u0002\0", bytes(5, 2));
        assertEquals("\0\0\0", bytes(0x7777, 3), "what is not there reads as zeros");
    }

    @Test
    void directoryNamesTheFiles() {
        ByteBuffer directory = ByteBuffer.wrap(bytes(0x19, 4 + 2 * 64).getBytes(StandardCharsets.ISO_8859_1));
        assertEquals(2, directory.getInt(0));
        assertEquals(4, directory.getInt(4));
        int key = directory.getShort(8);
        assertEquals("HALT", bytes(key, 4));
    }

    private int dma(int control, int length, long address) {
        memory.writeInt(0x100, Integer.reverseBytes(control));
        memory.writeInt(0x104, Integer.reverseBytes(length));
        memory.writeLong(0x108, Long.reverseBytes(address));
        ports.write(0x518, 4, Integer.reverseBytes(0x100));
        return Integer.reverseBytes(memory.readInt(0x100));
    }

    @Test
    void dmaCopiesAndPadsWithZeros() {
        memory.writeInt(0x2004, -1);
        assertEquals(0, dma(0 << 16 | 8 | 2, 6, 0x2000));
        assertEquals(0x554D_4551, memory.readInt(0x2000));
        assertEquals(0xFFFF_0000, memory.readInt(0x2004));
    }

    @Test
    void dmaToNowhereAndWritesAreErrors() {
        assertEquals(1, dma(0 << 16 | 8 | 2, 6, 0x4000_0000L));
        assertEquals(1, dma(0 << 16 | 8 | 16, 4, 0x2000));
        ports.write(0x518, 4, Integer.reverseBytes(0x7FFF_0000));
    }

    @Test
    void dmaRegisterShowsItsSignature() {
        assertEquals(0x554D_4551, ports.read(0x514, 4));
    }
}
