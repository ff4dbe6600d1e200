package org.viridian.engine.software;

/** ROL ROR RCL RCR SHL SHR SAR, SHLD, SHRD. A count of zero changes no flag. */
final class ShiftOps {
    private ShiftOps() {}

    /** Group 2 by ModRM.reg, with the count from CL or an immediate. */
    static final class Shift extends MicroOp {
        private final int op;
        private final Operand to;
        private final Operand count;
        private final int bits;

        Shift(int op, Operand to, Operand count) {
            this.op = op;
            this.to = to;
            this.count = count;
            this.bits = to.size * 8;
        }

        @Override
        public void exec(Cpu c) {
            int n = (int) count.read(c) & (bits == 64 ? 63 : 31);
            long at = to.target(c);
            long a = to.modify(c, at);
            if (n == 0) {
                to.set(c, at, a);
                return;
            }
            to.set(c, at, switch (op) {
                case 0 -> rol(c, a, n);
                case 1 -> ror(c, a, n);
                case 2 -> rcl(c, a, n);
                case 3 -> rcr(c, a, n);
                case 5 -> shr(c, a, n);
                case 7 -> sar(c, a, n);
                default -> shl(c, a, n);
            });
        }

        private long signed(long v) {
            return v << 64 - bits >> 64 - bits;
        }

        private long unsigned(long v) {
            return v & -1L >>> 64 - bits;
        }

        private long shl(Cpu c, long a, int n) {
            long r = n >= bits ? 0 : signed(a << n);
            boolean cf = n <= bits && (a >>> bits - n & 1) != 0;
            c.logicFlags(r);
            c.setCfOf(cf, cf ^ r < 0);
            return r;
        }

        private long shr(Cpu c, long a, int n) {
            long u = unsigned(a);
            long r = n >= bits ? 0 : signed(u >>> n);
            boolean cf = n <= bits && (u >>> n - 1 & 1) != 0;
            c.logicFlags(r);
            c.setCfOf(cf, n == 1 ? a < 0 : r < 0 ^ (r << 65 - bits) < 0);
            return r;
        }

        private long sar(Cpu c, long a, int n) {
            long r = n >= 64 ? a >> 63 : a >> n;
            c.logicFlags(r);
            c.setCfOf((n > 64 ? a >> 63 : a >> n - 1 & 1) != 0, false);
            return r;
        }

        private long rol(Cpu c, long a, int n) {
            int k = n % bits;
            long u = unsigned(a);
            long r = k == 0 ? a : signed(u << k | u >>> bits - k);
            boolean cf = (r & 1) != 0;
            c.setCfOf(cf, cf ^ r < 0);
            return r;
        }

        private long ror(Cpu c, long a, int n) {
            int k = n % bits;
            long u = unsigned(a);
            long r = k == 0 ? a : signed(u >>> k | u << bits - k);
            c.setCfOf(r < 0, r < 0 ^ (r << 65 - bits) < 0);
            return r;
        }

        private long rcl(Cpu c, long a, int n) {
            int k = n % (bits + 1);
            long u = unsigned(a);
            long carry = c.cf() ? 1 : 0;
            if (k == 0) {
                return a;
            }
            long r = (k == bits ? 0 : u << k) | carry << k - 1 | (k == 1 ? 0 : u >>> bits + 1 - k);
            boolean cf = (u >>> bits - k & 1) != 0;
            r = signed(r);
            c.setCfOf(cf, cf ^ r < 0);
            return r;
        }

        private long rcr(Cpu c, long a, int n) {
            int k = n % (bits + 1);
            long u = unsigned(a);
            long carry = c.cf() ? 1 : 0;
            if (k == 0) {
                return a;
            }
            long r = (k == bits ? 0 : u >>> k) | carry << bits - k | (k == 1 ? 0 : u << bits + 1 - k);
            boolean cf = (u >>> k - 1 & 1) != 0;
            r = signed(r);
            c.setCfOf(cf, r < 0 ^ (r << 65 - bits) < 0);
            return r;
        }
    }

    /** SHL, SHR, SAR of a 64-bit register by a constant that is not zero. */
    static final class Constant64 extends MicroOp {
        private final int op;
        private final int register;
        private final int n;

        Constant64(int op, int register, int n) {
            this.op = op;
            this.register = register;
            this.n = n;
        }

        @Override
        public void exec(Cpu c) {
            long a = c.gpr[register];
            long r;
            boolean cf;
            boolean of;
            if (op == 5) {
                r = a >>> n;
                cf = (a >>> n - 1 & 1) != 0;
                of = n == 1 && a < 0;
            } else if (op == 7) {
                r = a >> n;
                cf = (a >>> n - 1 & 1) != 0;
                of = false;
            } else {
                r = a << n;
                cf = (a >>> 64 - n & 1) != 0;
                of = cf ^ r < 0;
            }
            c.gpr[register] = r;
            c.logicFlags(r);
            c.flagAux = (cf ? 0xC000_0000_0000_0000L : 0) ^ (of ? 0x4000_0000_0000_0000L : 0);
        }
    }

    /** SHL, SHR, SAR of a 32-bit register by a constant that is not zero. */
    static final class Constant32 extends MicroOp {
        private final int op;
        private final int register;
        private final int n;

        Constant32(int op, int register, int n) {
            this.op = op;
            this.register = register;
            this.n = n;
        }

        @Override
        public void exec(Cpu c) {
            int a = (int) c.gpr[register];
            int r;
            boolean cf;
            boolean of;
            if (op == 5) {
                r = a >>> n;
                cf = (a >>> n - 1 & 1) != 0;
                of = n == 1 && a < 0;
            } else if (op == 7) {
                r = a >> n;
                cf = (a >>> n - 1 & 1) != 0;
                of = false;
            } else {
                r = a << n;
                cf = (a >>> 32 - n & 1) != 0;
                of = cf ^ r < 0;
            }
            c.gpr[register] = r & 0xFFFF_FFFFL;
            c.logicFlags(r);
            c.flagAux = (cf ? 0xC000_0000_0000_0000L : 0) ^ (of ? 0x4000_0000_0000_0000L : 0);
        }
    }

    /** SHLD and SHRD. */
    static final class Double extends MicroOp {
        private final boolean left;
        private final Operand to;
        private final Operand fill;
        private final Operand count;

        Double(boolean left, Operand to, Operand fill, Operand count) {
            this.left = left;
            this.to = to;
            this.fill = fill;
            this.count = count;
        }

        @Override
        public void exec(Cpu c) {
            int bits = to.size * 8;
            int n = (int) count.read(c) & (bits == 64 ? 63 : 31);
            long at = to.target(c);
            long a = to.modify(c, at);
            if (n == 0) {
                to.set(c, at, a);
                return;
            }
            long mask = to.mask();
            long u = a & mask;
            long f = fill.read(c) & mask;
            long r;
            boolean cf;
            if (n > bits) {
                // 16-bit operands with a count above 16: undefined; processors rotate through both words.
                n -= bits;
                long swap = u;
                u = f;
                f = swap;
            }
            if (left) {
                r = (n == bits ? 0 : u << n) | f >>> bits - n;
                cf = (u >>> bits - n & 1) != 0;
            } else {
                r = (n == bits ? 0 : u >>> n) | f << bits - n;
                cf = (u >>> n - 1 & 1) != 0;
            }
            r = r << to.shift() >> to.shift();
            to.set(c, at, r);
            c.logicFlags(r);
            c.setCfOf(cf, (r ^ u << to.shift() >> to.shift()) < 0);
        }
    }

    static MicroOp make(DecodeContext in, int size, Operand count, int constant) {
        int op = in.reg & 7;
        if (in.mod == 3 && size >= 4 && op < 2) {
            int n = constant & (size == 8 ? 63 : 31);
            if (n != 0 && size == 8) {
                return op == 0 ? new WideOps.RotateLeft64(in.rm, n) : new WideOps.RotateRight64(in.rm, n);
            }
            if (n != 0) {
                return op == 0 ? new WideOps.RotateLeft32(in.rm, n) : new WideOps.RotateRight32(in.rm, n);
            }
        }
        if (in.mod == 3 && size >= 4 && (op == 4 || op == 5 || op == 7)) {
            int n = constant & (size == 8 ? 63 : 31);
            if (n != 0) {
                return size == 8 ? new Constant64(op, in.rm, n) : new Constant32(op, in.rm, n);
            }
        }
        return new Shift(op == 6 ? 4 : op, Operand.rm(in, size), count);
    }
}
