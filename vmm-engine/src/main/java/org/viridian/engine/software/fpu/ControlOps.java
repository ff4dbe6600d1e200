package org.viridian.engine.software.fpu;

import org.viridian.engine.software.Cpu;
import org.viridian.engine.software.DecodeContext;
import org.viridian.engine.software.Ea;
import org.viridian.engine.software.MicroOp;

/** x87 control instructions. Environments use the protected-mode layout. */
final class ControlOps {
    private ControlOps() {}

    /** WAIT. */
    static final class Wait extends MicroOp {
        @Override
        public void exec(Cpu c) {
            c.checkWait();
            c.x87.checkPending(c);
        }
    }

    enum Kind {
        INIT(false), CLEAR(false), NOP(true), STATUS_AX(false), LEGACY_NOP(false);

        final boolean waits;

        Kind(boolean waits) {
            this.waits = waits;
        }
    }

    /** Control instructions without a memory operand. */
    static final class Plain extends MicroOp {
        private final Kind kind;

        Plain(Kind kind) {
            this.kind = kind;
        }

        @Override
        public void exec(Cpu c) {
            c.checkFpu();
            X87 x = c.x87;
            if (kind.waits) {
                x.checkPending(c);
            }
            switch (kind) {
                case INIT -> x.initialise();
                case CLEAR -> x.clearExceptions();
                case STATUS_AX -> c.gpr[0] = c.gpr[0] & ~0xFFFFL | x.statusWord();
                default -> { }
            }
        }
    }

    enum Word { STORE_CONTROL, LOAD_CONTROL, STORE_STATUS }

    /** FNSTCW, FLDCW, FNSTSW m16. */
    static final class Words extends MicroOp {
        private final Word word;
        private final Ea ea;

        Words(DecodeContext in, Word word) {
            this.word = word;
            this.ea = in.ea;
        }

        @Override
        public void exec(Cpu c) {
            c.checkFpu();
            X87 x = c.x87;
            switch (word) {
                case STORE_CONTROL -> c.store16(ea.store(c, 2), x.control);
                case STORE_STATUS -> c.store16(ea.store(c, 2), x.statusWord());
                case LOAD_CONTROL -> {
                    x.checkPending(c);
                    x.setControlWord(c.load16(ea.load(c, 2)));
                }
            }
        }
    }

    /** FNSTENV and FNSAVE. */
    static final class StoreEnvironment extends MicroOp {
        private final Ea ea;
        private final boolean wide;
        private final boolean registers;

        StoreEnvironment(DecodeContext in, boolean registers) {
            this.ea = in.ea;
            this.wide = in.opSize != 2;
            this.registers = registers;
        }

        @Override
        public void exec(Cpu c) {
            c.checkFpu();
            X87 x = c.x87;
            int head = wide ? 28 : 14;
            int size = head + (registers ? 80 : 0);
            long at = ea.store(c, size);
            c.probeWrite(at, size);
            if (wide) {
                c.store32(at, x.control | 0xFFFF_0000);
                c.store32(at + 4, x.statusWord() | 0xFFFF_0000);
                c.store32(at + 8, x.tagWord() | 0xFFFF_0000);
                c.store32(at + 12, (int) x.lastIp);
                c.store32(at + 16, x.lastOpcode << 16);
                c.store32(at + 20, (int) x.lastData);
                c.store32(at + 24, 0xFFFF_0000);
            } else {
                c.store16(at, x.control);
                c.store16(at + 2, x.statusWord());
                c.store16(at + 4, x.tagWord());
                c.store16(at + 6, (int) x.lastIp);
                c.store16(at + 8, 0);
                c.store16(at + 10, (int) x.lastData);
                c.store16(at + 12, 0);
            }
            if (registers) {
                for (int i = 0; i < 8; i++) {
                    int r = x.physical(i);
                    c.store64(at + head + i * 10, x.significand[r]);
                    c.store16(at + head + i * 10 + 8, x.exponent[r]);
                }
                x.initialise();
            } else {
                x.setControlWord(x.control | 0x3F);
            }
        }
    }

    /** FLDENV and FRSTOR. */
    static final class LoadEnvironment extends MicroOp {
        private final Ea ea;
        private final boolean wide;
        private final boolean registers;

        LoadEnvironment(DecodeContext in, boolean registers) {
            this.ea = in.ea;
            this.wide = in.opSize != 2;
            this.registers = registers;
        }

        @Override
        public void exec(Cpu c) {
            c.checkFpu();
            X87 x = c.x87;
            x.checkPending(c);
            int head = wide ? 28 : 14;
            int size = head + (registers ? 80 : 0);
            long at = ea.load(c, size);
            c.probeRead(at, size);
            int step = wide ? 4 : 2;
            int control = c.load16(at);
            int status = c.load16(at + step);
            int tags = c.load16(at + step * 2);
            long ip = wide ? c.load32(at + 12) & 0xFFFF_FFFFL : c.load16(at + 6);
            int opcode = wide ? c.load32(at + 16) >>> 16 & 0x7FF : 0;
            long data = wide ? c.load32(at + 20) & 0xFFFF_FFFFL : c.load16(at + 10);
            x.setControlWord(control);
            x.setStatusWord(status);
            x.setTagWord(tags);
            x.lastIp = ip;
            x.lastOpcode = opcode;
            x.lastData = data;
            if (registers) {
                for (int i = 0; i < 8; i++) {
                    int r = x.physical(i);
                    x.significand[r] = c.load64(at + head + i * 10);
                    x.exponent[r] = c.load16(at + head + i * 10 + 8);
                }
            }
        }
    }
}
