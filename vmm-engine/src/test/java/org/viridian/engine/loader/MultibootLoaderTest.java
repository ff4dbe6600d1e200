package org.viridian.engine.loader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.viridian.engine.firmware.BoardMap;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.MemoryRegion;
import org.viridian.engine.processor.ProcessorState;

/** Multiboot 1 kernels made here: ELF, and flat with addresses in the header. */
class MultibootLoaderTest {
    private static final long RAM = 16 << 20;
    private static final int LOAD = 0x20_0000;

    private static GuestMemory memory() {
        GuestMemory memory = new GuestMemory();
        for (BoardMap.Range range : BoardMap.ram(RAM)) {
            memory.add(new MemoryRegion(range.base(), Arena.ofAuto().allocate(range.size(), 4096), MemoryRegion.Kind.RAM));
        }
        return memory;
    }

    private static ByteBuffer header(int size, int at, int flags) {
        ByteBuffer b = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        b.putInt(at, 0x1BADB002).putInt(at + 4, flags).putInt(at + 8, -(0x1BADB002 + flags));
        return b;
    }

    private static byte[] flat(int flags) {
        ByteBuffer b = header(0x400, 0x40, 0x10000 | flags);
        b.putInt(0x4C, LOAD + 0x40).putInt(0x50, LOAD).putInt(0x54, 0).putInt(0x58, LOAD + 0x2000).putInt(0x5C, LOAD + 0x80);
        b.putInt(0x80, 0xCAFE);
        return b.array();
    }

    private static byte[] elf() {
        ByteBuffer b = header(0x1100, 0x1000, 3);
        b.putInt(0, 0x464C457F).put(4, (byte) 1).put(5, (byte) 1).putShort(16, (short) 2).putShort(18, (short) 3);
        b.putInt(24, 0xC020_0020).putInt(28, 52).putShort(42, (short) 32).putShort(44, (short) 1);
        b.putInt(52, 1).putInt(56, 0x1000).putInt(60, 0xC020_0000).putInt(64, LOAD).putInt(68, 0x100).putInt(72, 0x3000);
        return b.array();
    }

    private static ProcessorState load(GuestMemory memory, byte[] kernel, byte[] module) throws LoaderException {
        return MultibootLoader.parse("kernel", kernel, Optional.ofNullable(module), "debug").load(memory, 0);
    }

    @Test
    void aFlatKernelGoesWhereItsHeaderSays() throws LoaderException {
        GuestMemory memory = memory();
        memory.writeInt(LOAD + 0x1000, -1);
        ProcessorState state = load(memory, flat(0), null);
        assertEquals(LOAD + 0x80, state.rip());
        assertEquals(0xCAFE, memory.readInt(LOAD + 0x80));
        assertEquals(0, memory.readInt(LOAD + 0x1000), "bss is cleared");
        assertEquals(0x2BADB002L, state.gpr()[0]);
        assertEquals(0x11, state.cr0());
        assertEquals(0, state.efer());
        long info = state.gpr()[3];
        assertEquals(BoardMap.CONVENTIONAL_END >> 10, memory.readInt(info + 4));
        assertEquals(RAM - BoardMap.EXTENDED_MEMORY >> 10, memory.readInt(info + 8));
        assertEquals('d', memory.readByte(memory.readInt(info + 16)));
    }

    @Test
    void anElfKernelIsEnteredAtItsPhysicalAddressWithItsModule() throws LoaderException {
        GuestMemory memory = memory();
        ProcessorState state = load(memory, elf(), new byte[] {1, 2, 3, 4, 5});
        assertEquals(LOAD + 0x20, state.rip(), "the header names the virtual address");
        assertEquals(0x1BADB002, memory.readInt(LOAD));
        long info = state.gpr()[3];
        assertTrue((memory.readInt(info) & 8) != 0);
        assertEquals(1, memory.readInt(info + 20));
        int module = memory.readInt(memory.readInt(info + 24));
        assertEquals(LOAD + 0x3000, module);
        assertEquals(module + 5, memory.readInt(memory.readInt(info + 24) + 4));
        assertEquals(0x0403_0201, memory.readInt(module));
    }

    @Test
    void badKernelsAreRefused() {
        assertThrows(LoaderException.class, () -> MultibootLoader.parse("k", new byte[9000], Optional.empty(), ""));
        byte[] late = header(0x4000, 0x2000, 0).array();
        assertThrows(LoaderException.class, () -> MultibootLoader.parse("k", late, Optional.empty(), ""), "header too far in");
        assertThrows(LoaderException.class, () -> load(memory(), flat(0x40), null), "unknown requirement");
        byte[] truncated = Arrays.copyOf(elf(), 0x1080);
        assertThrows(LoaderException.class, () -> load(memory(), truncated, null));
        byte[] outside = flat(0);
        ByteBuffer.wrap(outside).order(ByteOrder.LITTLE_ENDIAN).putInt(0x58, 0x7000_0000);
        assertThrows(LoaderException.class, () -> load(memory(), outside, null));
        assertThrows(LoaderException.class, () -> load(memory(), elf(), new byte[(int) RAM]));
    }

    @Test
    void randomDamageNeverEscapesAsAnotherException() {
        Random random = new Random(9);
        GuestMemory memory = memory();
        for (int i = 0; i < 4000; i++) {
            byte[] kernel = random.nextBoolean() ? flat(0) : elf();
            int from = kernel.length == 0x400 ? 0x4C : 0;
            for (int j = 0; j < 3; j++) {
                kernel[from + random.nextInt(84)] = (byte) random.nextInt();
            }
            try {
                load(memory, kernel, null);
            } catch (LoaderException expected) {
                // One sentence for the user.
            }
        }
    }
}
