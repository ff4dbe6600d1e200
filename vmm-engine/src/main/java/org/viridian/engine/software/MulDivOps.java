package org.viridian.engine.software;

/** MUL, IMUL, DIV, IDIV. Only CF and OF are defined after a multiplication, none after a division. */
final class MulDivOps {
    private MulDivOps() {}

    /** MUL and IMUL of the accumulator. */
    static final class Multiply extends MicroOp {
        private final Operand by;
        private final boolean signed;

        Multiply(Operand by, boolean signed) {
            this.by = by;
            this.signed = signed;
        }

        @Override
        public void exec(Cpu c) {
            long[] r = c.gpr;
            long b = by.read(c);
            switch (by.size) {
                case 1 -> {
                    int p = signed ? (byte) r[0] * (int) b : ((int) r[0] & 0xFF) * ((int) b & 0xFF);
                    r[0] = r[0] & ~0xFFFFL | p & 0xFFFF;
                    flags(c, signed ? p != (byte) p : p >>> 8 != 0, (byte) p);
                }
                case 2 -> {
                    int p = signed ? (short) r[0] * (int) b : ((int) r[0] & 0xFFFF) * ((int) b & 0xFFFF);
                    r[0] = r[0] & ~0xFFFFL | p & 0xFFFF;
                    r[2] = r[2] & ~0xFFFFL | p >>> 16;
                    flags(c, signed ? p != (short) p : p >>> 16 != 0, (short) p);
                }
                case 4 -> {
                    long p = signed ? (int) r[0] * b : (r[0] & 0xFFFF_FFFFL) * (b & 0xFFFF_FFFFL);
                    r[0] = p & 0xFFFF_FFFFL;
                    r[2] = p >>> 32;
                    flags(c, signed ? p != (int) p : p >>> 32 != 0, (int) p);
                }
                default -> {
                    long a = r[0];
                    long low = a * b;
                    long high = signed ? Math.multiplyHigh(a, b) : Math.unsignedMultiplyHigh(a, b);
                    r[0] = low;
                    r[2] = high;
                    flags(c, signed ? high != low >> 63 : high != 0, low);
                }
            }
        }
    }

    private static void flags(Cpu c, boolean overflow, long low) {
        c.logicFlags(low);
        c.setCfOf(overflow, overflow);
    }

    /** IMUL with two or three operands. */
    static final class MultiplySigned extends MicroOp {
        private final Operand to;
        private final Operand a;
        private final Operand b;

        MultiplySigned(Operand to, Operand a, Operand b) {
            this.to = to;
            this.a = a;
            this.b = b;
        }

        @Override
        public void exec(Cpu c) {
            long x = a.read(c);
            long y = b.read(c);
            long p = x * y;
            boolean overflow;
            if (to.size == 8) {
                overflow = Math.multiplyHigh(x, y) != p >> 63;
            } else {
                long narrow = p << to.shift() >> to.shift();
                overflow = narrow != p;
                p = narrow;
            }
            to.set(c, 0, p);
            flags(c, overflow, p);
        }
    }

    /** DIV. */
    static final class Divide extends MicroOp {
        private final Operand by;

        Divide(Operand by) {
            this.by = by;
        }

        @Override
        public void exec(Cpu c) {
            long[] r = c.gpr;
            long d = by.read(c) & by.mask();
            if (d == 0) {
                throw c.raise(CpuFault.DE);
            }
            switch (by.size) {
                case 1 -> {
                    long n = r[0] & 0xFFFF;
                    check(c, n / d <= 0xFF);
                    r[0] = r[0] & ~0xFFFFL | n / d | n % d << 8;
                }
                case 2 -> {
                    long n = r[0] & 0xFFFF | (r[2] & 0xFFFF) << 16;
                    check(c, n / d <= 0xFFFF);
                    r[0] = r[0] & ~0xFFFFL | n / d;
                    r[2] = r[2] & ~0xFFFFL | n % d;
                }
                case 4 -> {
                    long n = r[0] & 0xFFFF_FFFFL | r[2] << 32;
                    long q = Long.divideUnsigned(n, d);
                    check(c, q >>> 32 == 0);
                    r[0] = q;
                    r[2] = n - q * d;
                }
                default -> {
                    long high = r[2];
                    long low = r[0];
                    check(c, Long.compareUnsigned(high, d) < 0);
                    long q = high == 0 ? Long.divideUnsigned(low, d) : divide128(high, low, d);
                    r[0] = q;
                    r[2] = low - q * d;
                }
            }
        }
    }

    private static void check(Cpu c, boolean fits) {
        if (!fits) {
            throw c.raise(CpuFault.DE);
        }
    }

    /** The quotient of 128 by 64 bits, unsigned; {@code high} is below {@code d}. Schoolbook with 32-bit digits. */
    static long divide128(long high, long low, long d) {
        int s = Long.numberOfLeadingZeros(d);
        long v = d << s;
        long v1 = v >>> 32;
        long v0 = v & 0xFFFF_FFFFL;
        long u32 = high << s | (s == 0 ? 0 : low >>> 64 - s);
        long u10 = low << s;
        long q1 = digit(u32, u10 >>> 32, v1, v0);
        long u21 = (u32 << 32 | u10 >>> 32) - q1 * v;
        long q0 = digit(u21, u10 & 0xFFFF_FFFFL, v1, v0);
        return (q1 << 32) + q0;
    }

    private static long digit(long u, long next, long v1, long v0) {
        long q = Long.divideUnsigned(u, v1);
        long rest = u - q * v1;
        while (q >>> 32 != 0 || Long.compareUnsigned(q * v0, rest << 32 | next) > 0) {
            q--;
            rest += v1;
            if (rest >>> 32 != 0) {
                break;
            }
        }
        return q;
    }

    /** IDIV. */
    static final class DivideSigned extends MicroOp {
        private final Operand by;

        DivideSigned(Operand by) {
            this.by = by;
        }

        @Override
        public void exec(Cpu c) {
            long[] r = c.gpr;
            long d = by.read(c);
            if (d == 0) {
                throw c.raise(CpuFault.DE);
            }
            switch (by.size) {
                case 1 -> {
                    long n = (short) r[0];
                    long q = n / d;
                    check(c, q == (byte) q);
                    r[0] = r[0] & ~0xFFFFL | q & 0xFF | (n % d & 0xFF) << 8;
                }
                case 2 -> {
                    long n = (int) (r[0] & 0xFFFF | r[2] << 16);
                    long q = n / d;
                    check(c, q == (short) q);
                    r[0] = r[0] & ~0xFFFFL | q & 0xFFFF;
                    r[2] = r[2] & ~0xFFFFL | n % d & 0xFFFF;
                }
                case 4 -> {
                    long n = r[0] & 0xFFFF_FFFFL | r[2] << 32;
                    check(c, n != Long.MIN_VALUE || d != -1);
                    long q = n / d;
                    check(c, q == (int) q);
                    r[0] = q & 0xFFFF_FFFFL;
                    r[2] = n % d & 0xFFFF_FFFFL;
                }
                default -> divide64(c, r[2], r[0], d);
            }
        }

        private static void divide64(Cpu c, long high, long low, long d) {
            if (high == low >> 63 && !(low == Long.MIN_VALUE && d == -1)) {
                c.gpr[0] = low / d;
                c.gpr[2] = low % d;
                return;
            }
            boolean negative = high < 0;
            long h = high;
            long l = low;
            if (negative) {
                l = -l;
                h = ~h + (l == 0 ? 1 : 0);
            }
            long divisor = Math.abs(d);
            check(c, Long.compareUnsigned(h, divisor) < 0);
            long q = divide128(h, l, divisor);
            long rest = l - q * divisor;
            boolean negativeQuotient = negative ^ d < 0;
            check(c, q >= 0 || negativeQuotient && q == Long.MIN_VALUE);
            c.gpr[0] = negativeQuotient ? -q : q;
            c.gpr[2] = negative ? -rest : rest;
        }
    }

    /** MUL of the accumulator by ModRM.rm. */
    static MicroOp wide(DecodeContext in, int size) {
        if (size == 8) {
            return in.mod == 3 ? new WideOps.MultiplyWideRegister(in.rm) : new WideOps.MultiplyWideMemory(in.ea);
        }
        return new Multiply(Operand.rm(in, size), false);
    }

    /** IMUL of ModRM.reg by ModRM.rm. */
    static MicroOp pair(DecodeContext in) {
        if (in.opSize == 8) {
            return in.mod == 3 ? new WideOps.MultiplyRegister64(in.reg, in.rm) : new WideOps.MultiplyMemory64(in.reg, in.ea);
        }
        if (in.opSize == 4) {
            return in.mod == 3 ? new WideOps.MultiplyRegister32(in.reg, in.rm) : new WideOps.MultiplyMemory32(in.reg, in.ea);
        }
        Operand reg = Operand.reg(in, in.opSize);
        return new MultiplySigned(reg, reg, Operand.rm(in, in.opSize));
    }

    /** IMUL of ModRM.rm by a constant into ModRM.reg. */
    static MicroOp constant(DecodeContext in, long value) {
        if (in.mod == 3 && in.opSize == 8) {
            return new WideOps.MultiplyConstant64(in.reg, in.rm, value);
        }
        if (in.mod == 3 && in.opSize == 4) {
            return new WideOps.MultiplyConstant32(in.reg, in.rm, (int) value);
        }
        return new MultiplySigned(Operand.reg(in, in.opSize), Operand.rm(in, in.opSize), Operand.immediate(value, in.opSize));
    }
}
