package org.viridian.engine.software;

import java.util.List;
import org.viridian.engine.memory.GuestMemory;

/**
 * A bare CPU at privilege level 3 in 64-bit mode over flat memory: no paging, no devices, no exception delivery. Linear
 * addresses are those of the {@link GuestMemory} regions; an address outside them, or a write to a ROM region, is a page
 * fault. For comparing instructions with a real processor.
 *
 * <p>Thread rule: one thread.
 */
public final class UserModeCpu {
    /**
     * Why and where execution stopped. RIP is in {@link #register} 17.
     *
     * @param vector exception, or -1 when the instructions have been used up
     * @param error its error code, or {@link CpuFault#NO_ERROR_CODE}
     * @param address CR2 of a page fault
     * @param instructions completed instructions
     */
    public record Stop(int vector, int error, long address, long instructions) {}

    private static final long CODE_BYTES = 1 << 20;
    private static final int BURST = 10_000;

    private final Cpu cpu;
    private final BlockCache blocks;
    private final TierOne translated;

    /** Makes a processor over this memory, with all registers zero, that interprets. */
    public UserModeCpu(GuestMemory memory) {
        this(memory, false);
    }

    /** As the other; {@code translate} makes it translate every block before it runs for the first time. */
    public UserModeCpu(GuestMemory memory, boolean translate) {
        PhysicalMemory physical = new PhysicalMemory();
        memory.addListener(physical);
        cpu = new Cpu(physical, new SharedProcessors(null), 0, new CpuidTable(CpuidTable.supported(1), 0), true);
        physical.addProcessor(cpu);
        blocks = new BlockCache(cpu);
        ProcessorReset.power(cpu);
        cpu.cr0 = Cpu.CR0_PE | Cpu.CR0_MP | Cpu.CR0_NE | Cpu.CR0_WP | Cpu.CR0_AM | 0x10;
        cpu.cr4 = Cpu.CR4_PAE | Cpu.CR4_OSFXSR | Cpu.CR4_OSXMMEXCPT | Cpu.CR4_FSGSBASE;
        cpu.efer = Cpu.EFER_LME | Cpu.EFER_LMA | Cpu.EFER_NXE | Cpu.EFER_SCE;
        for (int segment : List.of(Cpu.ES, Cpu.SS, Cpu.DS, Cpu.FS, Cpu.GS)) {
            cpu.segments.setFlat(segment, 0x2B, 0xC0F3);
        }
        cpu.segments.setFlat(Cpu.CS, 0x33, 0xA0FB);
        cpu.segments.set(Cpu.TR, 0, 0, 0, Segments.UNUSABLE);
        cpu.gpr[2] = 0;
        cpu.setCpl(3);
        cpu.updateMode();
        cpu.setRflags(0x202);
        cpu.flushAll();
        translated = translate ? new TierOne(cpu, blocks, CODE_BYTES, 1) : null;
    }

    /** The processor, for SSE and x87 state: {@link CpuState#xmm}, {@link CpuState#mxcsr}, {@link CpuState#x87}. */
    public Cpu cpu() {
        return cpu;
    }

    /** Blocks translated so far. */
    long translations() {
        return translated == null ? 0 : translated.translations();
    }

    /** How often the area for translated code was full. */
    long emptied() {
        return translated == null ? 0 : translated.emptied();
    }

    /** General register 0–15 by encoding; 17 is RIP. */
    public long register(int number) {
        return cpu.gpr[number];
    }

    /** Sets general register 0–15, or RIP as 17. */
    public void register(int number, long value) {
        if (number == Cpu.ZERO) {
            throw new IllegalArgumentException("slot 16 is always zero");
        }
        cpu.gpr[number] = value;
    }

    /** RFLAGS. */
    public long flags() {
        return cpu.rflags();
    }

    /** Sets RFLAGS. TF is ignored. */
    public void flags(long value) {
        cpu.setRflags(value & ~Cpu.F_TF);
    }

    /** Sets the base of FS and GS. */
    public void bases(long fs, long gs) {
        cpu.segBase[Cpu.FS] = fs;
        cpu.segBase[Cpu.GS] = gs;
    }

    /** Runs at most {@code most} instructions, by whole blocks as long as they fit. */
    public Stop run(long most) {
        long end = cpu.instructions + most;
        long start = cpu.instructions;
        boolean interpret = false;
        while (cpu.instructions < end) {
            MicroOp[] ops = null;
            int i = 0;
            try {
                Block block = blocks.find();
                long left = end - cpu.instructions;
                if (block.count > left) {
                    block = blocks.single();
                }
                TierOne.Code code = translated == null || interpret ? null : translated.code(block);
                if (code != null) {
                    interpret = translated.run(code, (int) Math.min(left, BURST));
                    continue;
                }
                interpret = false;
                ops = block.ops;
                for (; i < ops.length; i++) {
                    ops[i].exec(cpu);
                }
                cpu.instructions += block.count;
            } catch (CpuFault fault) {
                if (ops != null) {
                    cpu.gpr[Cpu.RIP] += ops[i].offset;
                    cpu.instructions += i;
                }
                cpu.stackFaults.complete(fault);
                return new Stop(fault.vector, fault.error, cpu.cr2, cpu.instructions - start);
            } catch (Block.BlockExit exit) {
                cpu.gpr[Cpu.RIP] += ops[i].offset;
                cpu.instructions += i;
            }
        }
        return new Stop(-1, CpuFault.NO_ERROR_CODE, 0, cpu.instructions - start);
    }
}
