package org.viridian.engine.software;

import org.viridian.engine.software.emit.TierProbe;

/** Which tiers run: {@code -Dviridian.cpu.tier=0} leaves everything to the interpreter, 1 (the default) translates hot code. */
final class Tiers {
    /** Code of all processors of one VM, bytes; shared out evenly. */
    private static final long CODE_BYTES = 192L << 20;
    private static final long MOST_PER_PROCESSOR = 96L << 20;

    private Tiers() {}

    /** Tier 1 for a processor of a VM with {@code processors} of them, or null when only tier 0 is to run. */
    static TierOne create(Cpu cpu, BlockCache blocks, int processors) {
        if (Integer.getInteger("viridian.cpu.tier", 1) == 0 || TierProbe.refusal().isPresent()) {
            return null;
        }
        return new TierOne(cpu, blocks, Math.min(CODE_BYTES / Math.max(1, processors), MOST_PER_PROCESSOR), TierOne.THRESHOLD);
    }
}
