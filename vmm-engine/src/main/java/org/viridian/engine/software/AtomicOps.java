package org.viridian.engine.software;

/**
 * Read-modify-write instructions with LOCK (or implied LOCK: XCHG), CMPXCHG and XADD. Memory inside a page by the host's
 * compare-and-set; accesses across pages and to devices while the other processors stand still
 * ({@link SharedProcessors#stopOthers}).
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
                c.lockBus();
                try {
                    long a = to.modify(c, at);
                    to.set(c, at, result(c, a, b));
                    flags(c, a, b);
                } finally {
                    c.unlockBus();
                }
                return;
            }
            while (true) {
                long a = get(host, to.size);
                if (cas(host, to.size, a, result(c, a, b))) {
                    c.atomicDone(to.size);
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
                c.lockBus();
                try {
                    long old = memory.modify(c, at);
                    memory.set(c, at, value);
                    register.set(c, 0, old);
                } finally {
                    c.unlockBus();
                }
                return;
            }
            while (true) {
                long old = get(host, memory.size);
                if (cas(host, memory.size, old, value)) {
                    c.atomicDone(memory.size);
                    register.set(c, 0, old);
                    return;
                }
            }
        }
    }

    /** CMPXCHG, with LOCK or without. */
    static final class CompareExchange extends MicroOp {
        private final Operand to;
        private final Operand from;
        private final Operand accumulator;
        private final boolean lock;

        CompareExchange(Operand to, Operand from, Operand accumulator, boolean lock) {
            this.to = to;
            this.from = from;
            this.accumulator = accumulator;
            this.lock = lock;
        }

        @Override
        public void exec(Cpu c) {
            long expected = accumulator.get(c, 0);
            long value = from.get(c, 0);
            long at = to.target(c);
            long old;
            long host = lock ? c.hostForAtomic(at, to.size) : 0;
            if (!lock) {
                // The architecture writes in both cases, so a read-only page faults either way.
                old = to.modify(c, at);
                if (old == expected) {
                    to.set(c, at, value);
                }
            } else if (host == 0) {
                c.lockBus();
                try {
                    old = to.modify(c, at);
                    if (old == expected) {
                        to.set(c, at, value);
                    }
                } finally {
                    c.unlockBus();
                }
            } else {
                do {
                    old = get(host, to.size);
                } while (old == expected && !cas(host, to.size, old, value));
                c.atomicDone(to.size);
            }
            AluOps.apply(c, AluOps.CMP, expected, old, to.shift());
            if (old != expected) {
                accumulator.set(c, 0, old);
            }
        }
    }

    /** XADD, with LOCK or without. */
    static final class ExchangeAdd extends MicroOp {
        private final Operand to;
        private final Operand register;
        private final boolean lock;

        ExchangeAdd(Operand to, Operand register, boolean lock) {
            this.to = to;
            this.register = register;
            this.lock = lock;
        }

        @Override
        public void exec(Cpu c) {
            long b = register.get(c, 0);
            long at = to.target(c);
            int shift = to.shift();
            long old;
            long host = lock ? c.hostForAtomic(at, to.size) : 0;
            if (!lock) {
                old = to.modify(c, at);
                if (!to.isMemory()) {
                    register.set(c, 0, old);
                }
                to.set(c, at, old + b);
            } else if (host == 0) {
                c.lockBus();
                try {
                    old = to.modify(c, at);
                    to.set(c, at, old + b);
                } finally {
                    c.unlockBus();
                }
            } else {
                do {
                    old = get(host, to.size);
                } while (!cas(host, to.size, old, old + b));
                c.atomicDone(to.size);
            }
            AluOps.apply(c, AluOps.ADD, old, b, shift);
            if (to.isMemory()) {
                register.set(c, 0, old);
            }
        }
    }

    /** CMPXCHG8B, with LOCK or without. */
    static final class CompareExchange8 extends MicroOp {
        private final Ea ea;
        private final boolean lock;

        CompareExchange8(Ea ea, boolean lock) {
            this.ea = ea;
            this.lock = lock;
        }

        @Override
        public void exec(Cpu c) {
            long[] r = c.gpr;
            long expected = r[0] & 0xFFFF_FFFFL | r[2] << 32;
            long value = r[3] & 0xFFFF_FFFFL | r[1] << 32;
            long at = ea.store(c, 8);
            long old;
            long host = lock ? c.hostForAtomic(at, 8) : 0;
            if (!lock) {
                old = plain(c, at, expected, value);
            } else if (host == 0) {
                c.lockBus();
                try {
                    old = plain(c, at, expected, value);
                } finally {
                    c.unlockBus();
                }
            } else {
                do {
                    old = Mem.get64(host);
                } while (old == expected && !Mem.cas64(host, old, value));
                c.atomicDone(8);
            }
            if (old != expected) {
                r[0] = old & 0xFFFF_FFFFL;
                r[2] = old >>> 32;
            }
            setZf(c, old == expected);
        }

        private static long plain(Cpu c, long at, long expected, long value) {
            long old = c.modify64(at);
            if (old == expected) {
                c.store64(at, value);
            }
            return old;
        }
    }

    /**
     * CMPXCHG16B. Java has no 128-bit compare-and-set: with LOCK it is the host's own instruction ({@link HostAtomics}), or
     * the other processors stand still where that is not to be had. Without LOCK nobody else needs to see it whole.
     */
    static final class CompareExchange16 extends MicroOp {
        private final Ea ea;
        private final boolean lock;

        CompareExchange16(Ea ea, boolean lock) {
            this.ea = ea;
            this.lock = lock;
        }

        @Override
        public void exec(Cpu c) {
            long[] r = c.gpr;
            long at = ea.store(c, 16);
            c.checkAligned16(at);
            boolean equal;
            if (!lock) {
                equal = plain(c, at);
            } else {
                long host = HostAtomics.available() ? c.hostForAtomic(at, 16) : 0;
                if (host != 0) {
                    equal = HostAtomics.compareExchange16(host, r);
                    c.atomicDone(16);
                } else {
                    c.lockBus();
                    try {
                        equal = plain(c, at);
                    } finally {
                        c.unlockBus();
                    }
                }
            }
            setZf(c, equal);
        }

        private static boolean plain(Cpu c, long at) {
            long[] r = c.gpr;
            long low = c.modify64(at);
            long high = c.modify64(at + 8);
            if (low == r[0] && high == r[2]) {
                c.store64(at, r[3]);
                c.store64(at + 8, r[1]);
                return true;
            }
            r[0] = low;
            r[2] = high;
            return false;
        }
    }

    private static void setZf(Cpu c, boolean zf) {
        int kept = c.arithmeticFlags() & ~Cpu.F_ZF;
        c.setArithmeticFlags(zf ? kept | Cpu.F_ZF : kept);
    }
}
