package org.viridian.devices.emulated.firmware;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.viridian.devices.emulated.EmulatedDevice;
import org.viridian.engine.bus.MmioBus;
import org.viridian.engine.bus.MmioHandler;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.HostPages;
import org.viridian.engine.memory.MemoryRegion;

/**
 * The firmware's ROM below 4 GiB, and the RAM from C0000 to 1 MiB that shadows it as the host bridge's PAM registers say
 * (Intel 290633, "PAM"): reads come from RAM or from the ROM's last 128 KiB, writes go to RAM or vanish, for each of 13
 * segments. While reads come from the ROM, RAM below it already holds the same bytes.
 *
 * <p>Thread rule: under the device lock; closed by the owner after the partition.
 */
public final class ShadowMemory extends EmulatedDevice implements MmioHandler {
    /** Number of segments: 12 of 16 KiB from C0000, then F0000–FFFFF. */
    public static final int SEGMENTS = 13;
    /** A segment's reads come from RAM. */
    public static final int READ_RAM = 1;
    /** A segment's writes go to RAM. */
    public static final int WRITE_RAM = 2;

    private static final long BASE = 0xC_0000;
    private static final int SIZE = 0x4_0000;
    private static final int SEGMENT = 0x4000;
    private static final int ROM_SHADOW = 0x2_0000;
    private static final long TOP = 0x1_0000_0000L;

    /** Volatile state: the RAM; where it is mapped follows from the host bridge's registers. */
    public record State(byte[] ram) {}

    private final GuestMemory memory;
    private final HostPages ram = HostPages.allocate(SIZE);
    private final HostPages rom;
    private final MemoryRegion romRegion;
    private final int[] attributes = new int[SEGMENTS];
    private final List<MemoryRegion> regions = new ArrayList<>();

    /**
     * Puts the ROM at the end of 4 GiB and its shadow below 1 MiB.
     *
     * @param image the ROM, whole pages, at least 128 KiB
     * @throws IllegalArgumentException when the image has another size
     */
    public ShadowMemory(GuestMemory memory, MmioBus mmio, byte[] image, LongSupplier clock) {
        super("shadow-ram", "Firmware ROM and shadow RAM", "system", clock);
        if (image.length < ROM_SHADOW || image.length > 16 << 20 || image.length % GuestMemory.PAGE_SIZE != 0) {
            throw new IllegalArgumentException("a firmware image of %d bytes".formatted(image.length));
        }
        this.memory = memory;
        node().resource("rom", () -> "%08x-ffffffff".formatted(TOP - image.length));
        node().resource("ram", () -> "000c0000-000fffff");
        rom = HostPages.allocate(image.length);
        MemorySegment.copy(image, 0, rom.segment(), ValueLayout.JAVA_BYTE, 0, image.length);
        romRegion = new MemoryRegion(TOP - image.length, rom.segment(), MemoryRegion.Kind.ROM);
        memory.add(romRegion);
        mmio.register(BASE, SIZE, this);
        copyRom();
        remap();
    }

    private void copyRom() {
        MemorySegment.copy(rom.segment(), rom.segment().byteSize() - ROM_SHADOW, ram.segment(), SIZE - ROM_SHADOW, ROM_SHADOW);
        memory.wrote(BASE + SIZE - ROM_SHADOW, ROM_SHADOW);
    }

    /** Sets where reads and writes of one segment go: {@link #READ_RAM} and {@link #WRITE_RAM}, ORed. */
    public void map(int segment, int attribute) {
        if (attributes[segment] != attribute) {
            attributes[segment] = attribute;
            remap();
        }
    }

    /** Power-on: everything comes from the ROM, and what a guest wrote to the shadow is gone. */
    @Override
    public void reset() {
        java.util.Arrays.fill(attributes, 0);
        copyRom();
        remap();
    }

    private static int offset(int segment) {
        return segment * SEGMENT;
    }

    private static int end(int segment) {
        return segment == SEGMENTS - 1 ? SIZE : offset(segment + 1);
    }

    private boolean hasRom(int segment) {
        return offset(segment) >= SIZE - ROM_SHADOW;
    }

    /** Replaces the regions by runs of segments with the same attribute. */
    private void remap() {
        List<MemoryRegion> next = new ArrayList<>();
        int first = 0;
        while (first < SEGMENTS) {
            int last = first;
            while (last + 1 < SEGMENTS && kind(last + 1) == kind(first) && fromRam(last + 1) == fromRam(first)) {
                last++;
            }
            if (kind(first) != null) {
                next.add(region(offset(first), end(last), fromRam(first), kind(first)));
            }
            first = last + 1;
        }
        for (MemoryRegion old : List.copyOf(regions)) {
            if (next.stream().noneMatch(kept -> same(kept, old))) {
                memory.remove(old);
                regions.remove(old);
            }
        }
        for (MemoryRegion added : next) {
            if (regions.stream().noneMatch(kept -> same(kept, added))) {
                memory.add(added);
                regions.add(added);
            }
        }
    }

    /** Segments are equal when they begin at the same address, so their sizes are compared too. */
    private static boolean same(MemoryRegion a, MemoryRegion b) {
        return a.equals(b) && a.size() == b.size();
    }

    private boolean fromRam(int segment) {
        return (attributes[segment] & READ_RAM) != 0;
    }

    /** What the processors see of a segment; null for nothing at all. */
    private MemoryRegion.Kind kind(int segment) {
        if (!fromRam(segment)) {
            return hasRom(segment) ? MemoryRegion.Kind.ROM : null;
        }
        return (attributes[segment] & WRITE_RAM) != 0 ? MemoryRegion.Kind.RAM : MemoryRegion.Kind.ROM;
    }

    private MemoryRegion region(int from, int to, boolean fromRam, MemoryRegion.Kind kind) {
        MemorySegment source = fromRam ? ram.segment().asSlice(from, to - from)
                : rom.segment().asSlice(rom.segment().byteSize() - SIZE + from, to - from);
        return new MemoryRegion(BASE + from, source, kind);
    }

    /** Only what no region answers arrives here. */
    @Override
    public long read(long address, int size) {
        return -1;
    }

    /** A write to a segment that the processors cannot write directly: it reaches RAM or nothing. */
    @Override
    public void write(long address, int size, long value) {
        for (int i = 0; i < size; i++) {
            int at = (int) (address - BASE) + i;
            if (at < SIZE && (attributes[Math.min(at / SEGMENT, SEGMENTS - 1)] & WRITE_RAM) != 0) {
                ram.segment().set(ValueLayout.JAVA_BYTE, at, (byte) (value >>> 8 * i));
            }
        }
    }

    @Override
    public Record save() {
        return new State(ram.segment().toArray(ValueLayout.JAVA_BYTE));
    }

    @Override
    public void restore(Record state) {
        byte[] content = own(State.class, state).ram;
        if (content == null || content.length != SIZE) {
            throw new IllegalArgumentException("shadow RAM has not %d bytes".formatted(SIZE));
        }
        MemorySegment.copy(content, 0, ram.segment(), ValueLayout.JAVA_BYTE, 0, SIZE);
        memory.wrote(BASE, SIZE);
    }

    @Override
    public void close() {
        ram.close();
        rom.close();
    }
}
