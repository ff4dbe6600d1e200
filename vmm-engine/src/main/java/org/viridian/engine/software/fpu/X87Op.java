package org.viridian.engine.software.fpu;

import org.viridian.engine.software.Cpu;
import org.viridian.engine.software.DecodeContext;
import org.viridian.engine.software.Ea;
import org.viridian.engine.software.MicroOp;

/** A waiting x87 instruction that is not a control instruction: checks, and the pointers to the last instruction. */
abstract class X87Op extends MicroOp {
    /** Memory operand or null. */
    final Ea ea;
    private final int opcode;

    X87Op(DecodeContext in) {
        ea = in.ea;
        opcode = (in.opcode & 7) << 8 | in.modrm;
    }

    @Override
    public final void exec(Cpu c) {
        c.checkFpu();
        X87 x = c.x87;
        x.checkPending(c);
        run(c, x);
        x.lastOpcode = opcode;
        x.lastIp = rip(c);
    }

    /** The instruction itself. Memory is accessed before any state changes. */
    abstract void run(Cpu c, X87 x);

    /** Linear address of a memory source. */
    final long source(Cpu c, X87 x, int size) {
        long linear = ea.load(c, size);
        x.lastData = linear;
        return linear;
    }

    /** Linear address of a memory destination. */
    final long destination(Cpu c, X87 x, int size) {
        long linear = ea.store(c, size);
        x.lastData = linear;
        return linear;
    }
}
