package org.viridian.engine.software;

/**
 * Read-modify-write instructions with LOCK (or implied LOCK: XCHG), CMPXCHG and XADD. Aligned plain memory by
 * compare-and-set; anything else under the partition's split lock.
 */
final class AtomicOps {
    /** Further operations of {@link Modify} beside the eight of {@link AluOps}. */
    static final int INC = 8;
    static final int DEC = 9;
    static final int NOT = 10;
    static final int NEG = 11;

    private AtomicOps() {}

    private static boolean cas(long host, int size, long expected, long value) {
        return switch (size) {
            case 1 -> Mem.cas8(host, (int) expected, (int) value);
            case 2 -> Mem.cas16(host, (int) expected, (int) value);
            case 4 -> Mem.cas32(host, (int) expected, (int) value);
            default -> Mem.cas64(host, expected, value);
        };
    }

    private static long get(long host, int size) {
        return switch (size) {
            case 1 -> (byte) Mem.get8(host);
            case 2 -> (short) Mem.get16(host);
            case 4 -> Mem.get32(host);
            default -> Mem.get64(host);
        };
    }

    /** Bit operation of {@link BitOps}, atomically; answers the old value. */
    static long update(long host, int size, int op, long mask) {
        while (true) {
            long old = get(host, size);
            if (cas(host, size, old, BitOps.change(op, old, mask))) {
                return old;
            }
        }
    }

    /** LOCK with ADD OR ADC SBB AND SUB XOR INC DEC NOT NEG. */
    static final class Modify extends MicroOp {
        private final int op;
        private final Operand to;
        private final Operand from;
        private final int shift;

        Modify(int op, Operand to, Operand from) {
            this.op = op;
            this.to = to;
            this.from = from;
            this.shift = to.shift();
        }

        @Override
        public void exec(Cpu c) {
            long b = from == null ? 0 : from.read(c);
            long at = to.target(c);
            long host = c.hostForAtomic(at, to.size);
            if (host == 0) {
                c.splitLock.lock();
                try {
                    long a = to.get(c, at);
                    to.set(c, at, result(c, a, b));
                    flags(c, a, b);
                } finally {
                    c.splitLock.unlock();
                }
                return;
            }
            while (true) {
                long a = get(host, to.size);
                if (cas(host, to.size, a, result(c, a, b))) {
                    flags(c, a, b);
                    return;
                }
            }
        }

        private long result(Cpu c, long a, long b) {
            long r = switch (op) {
                case AluOps.ADD -> a + b;
                case AluOps.OR -> a | b;
                case AluOps.ADC -> a + b + (c.cf() ? 1 : 0);
                case AluOps.SBB -> a - b - (c.cf() ? 1 : 0);
                case AluOps.AND -> a & b;
                case AluOps.XOR -> a ^ b;
                case INC -> a + 1;
                case DEC -> a - 1;
                case NOT -> ~a;
                case NEG -> -a;
                default -> a - b;
            };
            return r << shift >> shift;
        }

        private void flags(Cpu c, long a, long b) {
            switch (op) {
                case INC -> AluOps.step(c, a, result(c, a, b), 1, shift);
                case DEC -> AluOps.step(c, a, result(c, a, b), -1, shift);
                case NOT -> { }
                case NEG -> c.subFlags(0, a, result(c, a, b), shift);
                default -> AluOps.apply(c, op, a, b, shift);
            }
        }
    }

    /** XCHG with memory: always locked. */
    static final class Exchange extends MicroOp {
        private final Operand memory;
        private final Operand register;

        Exchange(Operand memory, Operand register) {
            this.memory = memory;
            this.register = register;
        }

        @Override
        public void exec(Cpu c) {
            long at = memory.target(c);
            long value = register.get(c, 0);
            long host = c.hostForAtomic(at, memory.size);
            if (host == 0) {
                c.splitLock.lock();
                try {
                    long old = memory.get(c, at);
                    memory.set(c, at, value);
                    register.set(c, 0, old);
                } finally {
                    c.splitLock.unlock();
                }
                return;
            }
            while (true) {
                long old = get(host, memory.size);
                if (cas(host, memory.size, old, value)) {
                    register.set(c, 0, old);
                    return;
                }
            }
        }
    }

    /** CMPXCHG, with LOCK or without: the atomic way serves both. */
    static final class CompareExchange extends MicroOp {
        private final Operand to;
        private final Operand from;
        private final Operand accumulator;

        CompareExchange(Operand to, Operand from, Operand accumulator) {
            this.to = to;
            this.from = from;
            this.accumulator = accumulator;
        }

        @Override
        public void exec(Cpu c) {
            long expected = accumulator.get(c, 0);
            long value = from.get(c, 0);
            long at = to.target(c);
            long old;
            long host = to.isMemory() ? c.hostForAtomic(at, to.size) : 0;
            if (host == 0) {
                c.splitLock.lock();
                try {
                    old = to.get(c, at);
                    // The architecture writes in both cases, so a read-only page faults either way.
                    to.set(c, at, old == expected ? value : old);
                } finally {
                    c.splitLock.unlock();
                }
            } else {
                do {
                    old = get(host, to.size);
                } while (old == expected && !cas(host, to.size, old, value));
            }
            AluOps.apply(c, AluOps.CMP, expected, old, to.shift());
            if (old != expected) {
                accumulator.set(c, 0, old);
            }
        }
    }

    /** XADD. */
    static final class ExchangeAdd extends MicroOp {
        private final Operand to;
        private final Operand register;

        ExchangeAdd(Operand to, Operand register) {
            this.to = to;
            this.register = register;
        }

        @Override
        public void exec(Cpu c) {
            long b = register.get(c, 0);
            long at = to.target(c);
            int shift = to.shift();
            long old;
            long host = to.isMemory() ? c.hostForAtomic(at, to.size) : 0;
            if (host == 0) {
                c.splitLock.lock();
                try {
                    old = to.get(c, at);
                    if (!to.isMemory()) {
                        register.set(c, 0, old);
                    }
                    to.set(c, at, old + b);
                } finally {
                    c.splitLock.unlock();
                }
            } else {
                do {
                    old = get(host, to.size);
                } while (!cas(host, to.size, old, old + b));
            }
            AluOps.apply(c, AluOps.ADD, old, b, shift);
            if (to.isMemory()) {
                register.set(c, 0, old);
            }
        }
    }

    /** CMPXCHG8B. */
    static final class CompareExchange8 extends MicroOp {
        private final Ea ea;

        CompareExchange8(Ea ea) {
            this.ea = ea;
        }

        @Override
        public void exec(Cpu c) {
            long[] r = c.gpr;
            long expected = r[0] & 0xFFFF_FFFFL | r[2] << 32;
            long value = r[3] & 0xFFFF_FFFFL | r[1] << 32;
            long at = ea.store(c, 8);
            long old;
            long host = c.hostForAtomic(at, 8);
            if (host == 0) {
                c.splitLock.lock();
                try {
                    old = c.load64(at);
                    c.store64(at, old == expected ? value : old);
                } finally {
                    c.splitLock.unlock();
                }
            } else {
                do {
                    old = Mem.get64(host);
                } while (old == expected && !Mem.cas64(host, old, value));
            }
            if (old != expected) {
                r[0] = old & 0xFFFF_FFFFL;
                r[2] = old >>> 32;
            }
            setZf(c, old == expected);
        }
    }

    /**
     * CMPXCHG16B. Java has no 128-bit compare-and-set: it is atomic among the CMPXCHG16B of all processors through the
     * split lock, not against other stores to the same 16 bytes.
     */
    static final class CompareExchange16 extends MicroOp {
        private final Ea ea;

        CompareExchange16(Ea ea) {
            this.ea = ea;
        }

        @Override
        public void exec(Cpu c) {
            long[] r = c.gpr;
            long at = ea.store(c, 16);
            c.checkAligned16(at);
            c.probeWrite(at, 16);
            boolean equal;
            c.splitLock.lock();
            try {
                long low = c.load64(at);
                long high = c.load64(at + 8);
                equal = low == r[0] && high == r[2];
                if (equal) {
                    c.store64(at + 8, r[1]);
                    c.store64(at, r[3]);
                } else {
                    r[0] = low;
                    r[2] = high;
                }
            } finally {
                c.splitLock.unlock();
            }
            setZf(c, equal);
        }
    }

    private static void setZf(Cpu c, boolean zf) {
        int kept = c.arithmeticFlags() & ~Cpu.F_ZF;
        c.setArithmeticFlags(zf ? kept | Cpu.F_ZF : kept);
    }
}
