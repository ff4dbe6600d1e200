package org.viridian.engine.loader;

import java.util.ArrayList;
import java.util.List;
import org.viridian.engine.firmware.BoardMap;

/** The memory map that firmware would answer to INT 15h E820 (ACPI 6.5, chapter 15). */
final class MemoryMap {
    static final int RAM = 1;
    static final int RESERVED = 2;

    /** One range; {@code type} is {@link #RAM} or {@link #RESERVED}. */
    record Entry(long base, long size, int type) {}

    private MemoryMap() {}

    static List<Entry> of(long memoryBytes) {
        List<Entry> map = new ArrayList<>();
        map.add(new Entry(0, BoardMap.CONVENTIONAL_END, RAM));
        map.add(new Entry(BoardMap.CONVENTIONAL_END, BoardMap.EXTENDED_MEMORY - BoardMap.CONVENTIONAL_END, RESERVED));
        List<BoardMap.Range> ram = BoardMap.ram(memoryBytes);
        map.add(new Entry(BoardMap.EXTENDED_MEMORY, ram.get(1).end() - BoardMap.EXTENDED_MEMORY, RAM));
        map.add(new Entry(BoardMap.KVM_PAGES, BoardMap.KVM_PAGES_SIZE, RESERVED));
        for (BoardMap.Range range : ram.subList(2, ram.size())) {
            map.add(new Entry(range.base(), range.size(), RAM));
        }
        return map;
    }
}
