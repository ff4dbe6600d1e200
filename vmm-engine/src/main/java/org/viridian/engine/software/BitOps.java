package org.viridian.engine.software;

/** BT BTS BTR BTC, BSF BSR, POPCNT, CRC32. */
final class BitOps {
    private BitOps() {}

    /** BT (0), BTS (1), BTR (2), BTC (3). With a register offset, memory is a bit string without end. */
    static final class Test extends MicroOp {
        private final int op;
        private final Operand to;
        private final Operand offset;
        private final Ea ea;
        private final boolean lock;

        Test(int op, Operand to, Operand offset, Ea stringBase, boolean lock) {
            this.op = op;
            this.to = to;
            this.offset = offset;
            this.ea = stringBase;
            this.lock = lock;
        }

        @Override
        public void exec(Cpu c) {
            long n = offset.read(c);
            int bits = to.size * 8;
            long at = ea != null ? 0 : op == 0 ? to.source(c) : to.target(c);
            if (ea != null) {
                at = ea.displaced(c, (n >> (bits == 64 ? 6 : bits == 32 ? 5 : 4)) * to.size, to.size, op != 0);
            }
            int bit = (int) n & bits - 1;
            long mask = 1L << bit;
            if (op == 0) {
                c.setCf((to.get(c, at) & mask) != 0);
                return;
            }
            if (lock) {
                long host = c.hostForAtomic(at, to.size);
                if (host != 0) {
                    c.setCf((AtomicOps.update(host, to.size, op, mask) & mask) != 0);
                    c.atomicDone(to.size);
                    return;
                }
                c.lockBus();
            }
            try {
                long a = to.modify(c, at);
                to.set(c, at, change(op, a, mask));
                c.setCf((a & mask) != 0);
            } finally {
                if (lock) {
                    c.unlockBus();
                }
            }
        }
    }

    static long change(int op, long a, long mask) {
        return switch (op) {
            case 1 -> a | mask;
            case 2 -> a & ~mask;
            default -> a ^ mask;
        };
    }

    /** BSF and BSR: a zero source sets ZF and keeps the target. */
    static final class Scan extends MicroOp {
        private final boolean reverse;
        private final Operand to;
        private final Operand from;

        Scan(boolean reverse, Operand to, Operand from) {
            this.reverse = reverse;
            this.to = to;
            this.from = from;
        }

        @Override
        public void exec(Cpu c) {
            long v = from.read(c) & from.mask();
            int kept = c.arithmeticFlags() & ~Cpu.F_ZF;
            if (v == 0) {
                c.setArithmeticFlags(kept | Cpu.F_ZF);
                return;
            }
            to.set(c, 0, reverse ? 63 - Long.numberOfLeadingZeros(v) : Long.numberOfTrailingZeros(v));
            c.setArithmeticFlags(kept);
        }
    }

    /** POPCNT. */
    static final class Population extends MicroOp {
        private final Operand to;
        private final Operand from;

        Population(Operand to, Operand from) {
            this.to = to;
            this.from = from;
        }

        @Override
        public void exec(Cpu c) {
            long v = from.read(c) & from.mask();
            to.set(c, 0, Long.bitCount(v));
            c.setArithmeticFlags(v == 0 ? Cpu.F_ZF : 0);
        }
    }

    /** CRC32 with the Castagnoli polynomial. */
    static final class Crc32 extends MicroOp {
        private static final int[] TABLE = table();
        private final Operand to;
        private final Operand from;

        Crc32(Operand to, Operand from) {
            this.to = to;
            this.from = from;
        }

        private static int[] table() {
            int[] table = new int[256];
            for (int i = 0; i < 256; i++) {
                int crc = i;
                for (int bit = 0; bit < 8; bit++) {
                    crc = (crc & 1) != 0 ? crc >>> 1 ^ 0x82F63B78 : crc >>> 1;
                }
                table[i] = crc;
            }
            return table;
        }

        @Override
        public void exec(Cpu c) {
            long v = from.read(c);
            int crc = (int) to.get(c, 0);
            for (int i = 0; i < from.size; i++) {
                crc = crc >>> 8 ^ TABLE[(crc ^ (int) (v >>> i * 8)) & 0xFF];
            }
            to.set(c, 0, crc & 0xFFFF_FFFFL);
        }
    }
}
