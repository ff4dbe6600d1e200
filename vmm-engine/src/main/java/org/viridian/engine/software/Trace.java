package org.viridian.engine.software;

/**
 * A ring of the last blocks and exceptions, for finding out how a guest went astray. Costs time; off unless asked for with
 * the system property {@code viridian.cpu.trace=N}.
 */
final class Trace {
    private final long[] rips;
    private final int[] notes;
    private final long[] stacks;
    private int next;

    Trace(int entries) {
        rips = new long[entries];
        notes = new int[entries];
        stacks = new long[entries];
    }

    private void add(long rip, int note, long rsp) {
        rips[next] = rip;
        notes[next] = note;
        stacks[next] = rsp;
        next = (next + 1) % rips.length;
    }

    void block(Cpu c, Block block) {
        add(c.gpr[Cpu.RIP], 0, c.gpr[4]);
    }

    void fault(Cpu c, CpuFault fault) {
        add(c.gpr[Cpu.RIP], 1 + fault.vector, c.cr2);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < rips.length; i++) {
            int at = (next + i) % rips.length;
            if (rips[at] == 0 && notes[at] == 0) {
                continue;
            }
            text.append(notes[at] == 0
                    ? "%016x rsp %016x%n".formatted(rips[at], stacks[at])
                    : "%016x exception %d cr2 %016x%n".formatted(rips[at], notes[at] - 1, stacks[at]));
        }
        return text.toString();
    }
}
