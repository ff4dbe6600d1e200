package org.viridian.engine.software;

import java.util.List;
import java.util.Map;
import org.viridian.engine.processor.CpuidEntry;
import org.viridian.engine.processor.ProcessorBus;
import org.viridian.engine.processor.ProcessorState;
import org.viridian.engine.processor.SegmentState;
import org.viridian.engine.processor.VirtualProcessor;
import org.viridian.engine.software.fpu.FxState;

/** A {@link Cpu} with its executor behind the engine's interface. */
final class SoftwareProcessor implements VirtualProcessor {
    private final int index;
    private final PhysicalMemory memory;
    private final SharedProcessors shared;
    final Cpu cpu;
    private final Executor executor;
    private final Trace trace;
    private String failure = "";

    SoftwareProcessor(int index, PhysicalMemory memory, SharedProcessors shared, List<CpuidEntry> cpuid) {
        this.index = index;
        this.memory = memory;
        this.shared = shared;
        this.cpu = new Cpu(memory, shared, index, new CpuidTable(cpuid, index), false);
        this.executor = new Executor(cpu);
        int entries = Integer.getInteger("viridian.cpu.trace", 0);
        this.trace = entries > 0 ? new Trace(entries) : null;
        executor.trace(trace);
        executor.translate(Tiers.create(cpu, executor.blocks(), shared.count()));
        ProcessorReset.power(cpu);
        memory.addProcessor(cpu);
        shared.add(cpu);
    }

    @Override
    public int index() {
        return index;
    }

    @Override
    public Outcome run(ProcessorBus bus) {
        cpu.bus = bus;
        cpu.runsOn(Thread.currentThread());
        try {
            Outcome outcome = executor.run();
            if (outcome == Outcome.TRIPLE_FAULT) {
                System.getLogger("org.viridian.engine.software").log(System.Logger.Level.INFO,
                        () -> "triple fault of processor " + index + "\n" + describe());
            }
            return outcome;
        } catch (RuntimeException | StackOverflowError error) {
            System.getLogger("org.viridian.engine.software").log(System.Logger.Level.ERROR, describe(), error);
            failure = "The software CPU met an internal error at RIP 0x%x: %s.".formatted(cpu.gpr[Cpu.RIP], error);
            return Outcome.FAILED;
        } finally {
            cpu.runsOn(null);
        }
    }

    /** Registers, and the trace if there is one. */
    String describe() {
        StringBuilder text = new StringBuilder();
        String[] names = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"};
        for (int i = 0; i < 16; i++) {
            text.append("%-3s %016x%s".formatted(names[i], cpu.gpr[i], i % 4 == 3 ? "\n" : "  "));
        }
        text.append("rip %016x  flags %08x  cs %04x  ss %04x  cpl %d  code %d%n".formatted(cpu.gpr[Cpu.RIP], cpu.rflags(),
                cpu.segSelector[Cpu.CS], cpu.segSelector[Cpu.SS], cpu.cpl, cpu.codeSize));
        text.append("cr0 %x  cr2 %x  cr3 %x  cr4 %x  efer %x  instructions %d  blocks %d%n".formatted(cpu.cr0, cpu.cr2, cpu.cr3,
                cpu.cr4, cpu.efer, cpu.instructions, executor.blocks().decodedBlocks()));
        if (trace != null) {
            text.append(trace);
        }
        return text.toString();
    }

    @Override
    public void kick() {
        cpu.request(Cpu.PENDING_KICK);
    }

    @Override
    public String failure() {
        return failure;
    }

    @Override
    public long register(int number) {
        return cpu.gpr[number & 15];
    }

    @Override
    public void register(int number, long value) {
        cpu.gpr[number & 15] = value;
    }

    @Override
    public long rip() {
        return cpu.gpr[Cpu.RIP];
    }

    @Override
    public ProcessorState state() {
        SegmentState[] segments = new SegmentState[8];
        for (int i = 0; i < 8; i++) {
            segments[i] = new SegmentState(cpu.segSelector[i], cpu.segBase[i], (int) cpu.segLimit[i], cpu.segAttr[i]);
        }
        return new ProcessorState(java.util.Arrays.copyOf(cpu.gpr, 16), cpu.gpr[Cpu.RIP], cpu.rflags(), segments, cpu.gdtBase,
                cpu.gdtLimit, cpu.idtBase, cpu.idtLimit, cpu.cr0, cpu.cr2, cpu.cr3, cpu.cr4, cpu.apic.taskPriority() >> 4,
                cpu.efer, FxState.save(cpu), cpu.msrs.save(), cpu.apic.save());
    }

    @Override
    public void state(ProcessorState state) {
        System.arraycopy(state.gpr(), 0, cpu.gpr, 0, 16);
        cpu.gpr[Cpu.RIP] = state.rip();
        cpu.efer = state.efer();
        cpu.cr0 = state.cr0() | 0x10;
        cpu.cr2 = state.cr2();
        cpu.cr3 = state.cr3();
        cpu.cr4 = state.cr4();
        for (int i = 0; i < 8; i++) {
            SegmentState segment = state.segments()[i];
            cpu.segments.set(i, segment.selector(), segment.base(), segment.limit() & 0xFFFF_FFFFL, segment.attributes());
        }
        cpu.gdtBase = state.gdtBase();
        cpu.gdtLimit = state.gdtLimit();
        cpu.idtBase = state.idtBase();
        cpu.idtLimit = state.idtLimit();
        if ((cpu.cr0 & Cpu.CR0_PG) != 0 && (cpu.efer & Cpu.EFER_LME) != 0) {
            cpu.efer |= Cpu.EFER_LMA;
        }
        cpu.setCpl(cpu.protectedMode() ? Segments.dpl(cpu.segAttr[Cpu.SS]) : 0);
        cpu.setRflags(state.rflags());
        cpu.updateMode();
        cpu.flushAll();
        if (state.fxsave() != null) {
            FxState.load(cpu, state.fxsave());
        } else {
            java.util.Arrays.fill(cpu.xmm, 0);
            cpu.mxcsr = 0x1F80;
            cpu.x87.reset();
        }
        if (state.msrs() != null) {
            state.msrs().forEach((msr, value) -> cpu.msrs.write(msr, value));
        }
        if (state.localApic() != null) {
            cpu.apic.restore(state.localApic());
        }
        cpu.apic.taskPriority((int) state.cr8() << 4);
        cpu.apic.waitForSipi(false);
        cpu.halted = false;
        cpu.nmiBlocked = false;
        cpu.request(Cpu.PENDING_INTERRUPT | (Stepper.needed(cpu) ? Cpu.PENDING_TRACE : 0));
    }

    @Override
    public boolean presetMsrs(Map<Integer, Long> values) {
        values.forEach((msr, value) -> cpu.msrs.write(msr, value));
        return true;
    }

    @Override
    public void reset() {
        ProcessorReset.power(cpu);
    }

    @Override
    public long timestampCounter() {
        return cpu.msrs.timestamp();
    }

    @Override
    public boolean inLongMode() {
        return cpu.codeSize == 64;
    }

    @Override
    public int privilegeLevel() {
        return cpu.cpl;
    }

    @Override
    public long instructions() {
        return cpu.instructions;
    }

    @Override
    public void close() {
        memory.removeProcessor(cpu);
        shared.remove(cpu);
    }
}
