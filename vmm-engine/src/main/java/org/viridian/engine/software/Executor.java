package org.viridian.engine.software;

import org.viridian.engine.processor.VirtualProcessor.Outcome;

/** The interpreter's loop: finds blocks, runs them, delivers exceptions and interrupts between them. */
final class Executor {
    /** Instructions between two looks at the clock for the local APIC timer: ten to fifty microseconds. */
    private static final int BURST = 10_000;

    private final Cpu c;
    private final BlockCache blocks;
    private final Stepper stepper;
    private TierOne translated;
    private Trace trace;

    Executor(Cpu c) {
        this.c = c;
        this.blocks = new BlockCache(c);
        this.stepper = new Stepper(c, blocks);
        c.stepper = stepper;
    }

    BlockCache blocks() {
        return blocks;
    }

    /** Records the last instructions for a debugger; null switches it off. */
    void trace(Trace trace) {
        this.trace = trace;
    }

    /** Translates hot code from now on. */
    void translate(TierOne tier) {
        translated = tier;
    }

    /** Runs until a kick or a triple fault. */
    Outcome run() {
        while (true) {
            int pending = c.pending;
            if (pending != 0) {
                Outcome outcome = handle(pending);
                if (outcome != null) {
                    return outcome;
                }
            }
            c.apic.pollTimer();
            if ((c.pending & Cpu.PENDING_TRACE) != 0) {
                continue;
            }
            if (!burst()) {
                return Outcome.TRIPLE_FAULT;
            }
        }
    }

    private Outcome handle(int pending) {
        if ((pending & Cpu.PENDING_STOP) != 0) {
            standStill();
        }
        if ((pending & Cpu.PENDING_FLUSH) != 0) {
            c.withdraw(Cpu.PENDING_FLUSH);
            c.flushAll();
        }
        if ((pending & Cpu.PENDING_WRITE_TAGS) != 0) {
            c.acknowledgeWriteTags();
        }
        if ((pending & Cpu.PENDING_KICK) != 0) {
            c.withdraw(Cpu.PENDING_KICK);
            return Outcome.KICKED;
        }
        if ((pending & Cpu.PENDING_HALT) != 0 && !c.halted) {
            // Left over from before a reset.
            c.withdraw(Cpu.PENDING_HALT);
        }
        boolean shadowed = (pending & Cpu.PENDING_TRACE) != 0 && c.shadow != 0;
        if ((pending & Cpu.PENDING_INTERRUPT) != 0 && !shadowed && !interrupt()) {
            return Outcome.TRIPLE_FAULT;
        }
        while (c.halted) {
            Outcome outcome = halt();
            if (outcome != null) {
                return outcome;
            }
        }
        if ((pending & Cpu.PENDING_TRACE) != 0) {
            c.withdraw(Cpu.PENDING_TRACE);
            if (Stepper.needed(c)) {
                if (!stepper.step()) {
                    return Outcome.TRIPLE_FAULT;
                }
                if (Stepper.needed(c)) {
                    c.request(Cpu.PENDING_TRACE);
                }
            }
        }
        return null;
    }

    private void standStill() {
        c.withdraw(Cpu.PENDING_STOP);
        c.standStill();
    }

    /** Sleeps until there is something to do; null goes on. */
    private Outcome halt() {
        c.withdraw(Cpu.PENDING_HALT);
        long wait = c.apic.pollTimer();
        if (wait >= 0) {
            c.sleep(Math.max(wait, 1), 0);
        } else {
            c.sleep(0, 0);
        }
        c.apic.pollTimer();
        int pending = c.pending;
        if ((pending & Cpu.PENDING_STOP) != 0) {
            standStill();
        }
        if ((pending & Cpu.PENDING_FLUSH) != 0) {
            c.withdraw(Cpu.PENDING_FLUSH);
            c.flushAll();
        }
        if ((pending & Cpu.PENDING_WRITE_TAGS) != 0) {
            c.acknowledgeWriteTags();
        }
        if ((pending & Cpu.PENDING_KICK) != 0) {
            c.request(Cpu.PENDING_HALT);
            c.withdraw(Cpu.PENDING_KICK);
            return Outcome.KICKED;
        }
        if ((pending & Cpu.PENDING_INTERRUPT) != 0 && !interrupt()) {
            return Outcome.TRIPLE_FAULT;
        }
        return null;
    }

    /** Delivers INIT, SIPI, NMI or the highest interrupt if it may come now; false on a triple fault. */
    private boolean interrupt() {
        c.withdraw(Cpu.PENDING_INTERRUPT);
        if (c.apic.takeReset()) {
            return true;
        }
        if (c.apic.waitsForSipi()) {
            return true;
        }
        if (!c.nmiBlocked && c.apic.takeNmi()) {
            c.halted = false;
            c.nmiBlocked = true;
            return c.exceptions.deliverInterrupt(2);
        }
        if ((c.eflags & Cpu.F_IF) == 0) {
            c.interruptDeferred = true;
            return true;
        }
        c.interruptDeferred = false;
        int vector = c.apic.acknowledge();
        if (vector < 0) {
            return true;
        }
        c.halted = false;
        boolean delivered = c.exceptions.deliverInterrupt(vector);
        // More may be pending; the handler runs with IF clear, so this only notes it.
        if (c.apic.hasWork()) {
            c.request(Cpu.PENDING_INTERRUPT);
        }
        return delivered;
    }

    /** Runs blocks until something is pending or the burst is over; false on a triple fault. */
    private boolean burst() {
        Cpu c = this.c;
        long[] gpr = c.gpr;
        Block block = null;
        MicroOp[] ops = null;
        int i = 0;
        int budget = BURST;
        TierOne tier = trace == null ? translated : null;
        boolean interpret = false;
        while (budget > 0) {
            try {
                if (block == null) {
                    ops = null;
                    block = blocks.find();
                }
                while (true) {
                    if (tier != null && !interpret) {
                        TierOne.Code code = tier.code(block);
                        if (code != null) {
                            ops = null;
                            interpret = tier.run(code, budget);
                            budget = tier.budgetLeft();
                            if (c.pending != 0 || budget <= 0) {
                                return true;
                            }
                            block = blocks.find();
                            continue;
                        }
                    }
                    interpret = false;
                    if (trace != null) {
                        trace.block(c, block);
                    }
                    ops = block.ops;
                    long start = gpr[Cpu.RIP];
                    for (i = 0; i < ops.length; i++) {
                        ops[i].exec(c);
                    }
                    c.instructions += block.count;
                    ops = null;
                    budget -= block.count;
                    if (c.pending != 0 || budget <= 0) {
                        return true;
                    }
                    block = successor(block, start, gpr[Cpu.RIP]);
                }
            } catch (CpuFault fault) {
                if (ops != null) {
                    fault.settle(c, ops[i]);
                    c.instructions += i;
                }
                block = null;
                if (trace != null) {
                    trace.fault(c, fault);
                }
                if (!c.exceptions.deliverFault(fault)) {
                    return false;
                }
                if (c.pending != 0) {
                    return true;
                }
            } catch (Block.BlockExit exit) {
                gpr[Cpu.RIP] += ops[i].offset;
                c.instructions += i;
                block = null;
            }
        }
        return true;
    }

    private Block successor(Block block, long start, long rip) {
        long target = block.offset + rip - start;
        if (!block.serialises) {
            // A successor slot only ever holds blocks of the same page and mode, so its offset identifies it.
            Block next = block.next0;
            if (next != null && next.offset == target && next.valid) {
                return next;
            }
            next = block.next1;
            if (next != null && next.offset == target && next.valid) {
                return next;
            }
        }
        Block found = blocks.find();
        if (!block.serialises && block.cached && found.cached && found.tailPage < 0 && block.tailPage < 0
                && target >= 0 && target < 4096 && found.mode == block.mode) {
            if (block.next0 == null || !block.next0.valid) {
                block.next0 = found;
            } else if (block.next1 == null || !block.next1.valid) {
                block.next1 = found;
            }
        }
        return found;
    }
}
