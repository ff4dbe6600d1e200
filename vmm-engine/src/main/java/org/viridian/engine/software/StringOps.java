package org.viridian.engine.software;

/**
 * MOVS STOS LODS CMPS SCAS INS OUTS, alone or repeated. Repeated ones end the block; RCX, RSI and RDI are committed for
 * every element or chunk, so that a fault or an interrupt leaves a restartable state.
 */
final class StringOps {
    static final int MOVS = 0;
    static final int STOS = 1;
    static final int LODS = 2;
    static final int CMPS = 3;
    static final int SCAS = 4;
    static final int INS = 5;
    static final int OUTS = 6;

    /** Elements between two looks at pending requests. */
    private static final int CHUNK = 4096;

    private StringOps() {}

    /** Operation by kind, element size, address size and repeat prefix. */
    static final class Text extends MicroOp {
        private final int kind;
        private final int size;
        private final int addrSize;
        private final int sourceSegment;
        private final int targetSegment;
        private final int rep;
        private final long mask;

        Text(int kind, int size, int addrSize, int sourceSegment, int targetSegment, int rep) {
            this.kind = kind;
            this.size = size;
            this.addrSize = addrSize;
            this.sourceSegment = sourceSegment;
            this.targetSegment = targetSegment;
            this.rep = rep;
            this.mask = BranchOps.mask(addrSize);
        }

        @Override
        public void exec(Cpu c) {
            if (rep == 0) {
                step(c);
                return;
            }
            long end = nextRip(c);
            int budget = c.stepping ? 1 : CHUNK;
            while ((c.gpr[1] & mask) != 0) {
                if (budget <= 0 || c.pending != 0 && budget < CHUNK && !c.stepping) {
                    c.gpr[Cpu.RIP] += offset;
                    return;
                }
                budget -= (kind == MOVS || kind == STOS) ? bulk(c) : single(c);
                if ((kind == CMPS || kind == SCAS) && c.zf() != (rep == 0xF3)) {
                    break;
                }
            }
            c.gpr[Cpu.RIP] = end & BranchOps.mask(c.codeSize);
        }

        private int single(Cpu c) {
            step(c);
            count(c, 1);
            return 1;
        }

        private void count(Cpu c, long done) {
            set(c, 1, (c.gpr[1] & mask) - done);
        }

        private void set(Cpu c, int register, long value) {
            c.gpr[register] = addrSize == 16 ? c.gpr[register] & ~0xFFFFL | value & 0xFFFF : value & mask;
        }

        private void advance(Cpu c, int register, long by) {
            set(c, register, c.gpr[register] + by);
        }

        private long source(Cpu c, int bytes) {
            long o = c.gpr[6] & mask;
            return c.codeSize == 64 ? o + c.segBase[sourceSegment] : c.legacyLinear(sourceSegment, o, bytes, false);
        }

        private long target(Cpu c, int bytes, boolean write) {
            long o = c.gpr[7] & mask;
            return c.codeSize == 64 ? o : c.legacyLinear(targetSegment, o, bytes, write);
        }

        private long load(Cpu c, long at) {
            return switch (size) {
                case 1 -> (byte) c.load8(at);
                case 2 -> (short) c.load16(at);
                case 4 -> c.load32(at);
                default -> c.load64(at);
            };
        }

        private void store(Cpu c, long at, long value) {
            switch (size) {
                case 1 -> c.store8(at, (int) value);
                case 2 -> c.store16(at, (int) value);
                case 4 -> c.store32(at, (int) value);
                default -> c.store64(at, value);
            }
        }

        private void step(Cpu c) {
            int by = (c.eflags & Cpu.F_DF) != 0 ? -size : size;
            int shift = 64 - size * 8;
            switch (kind) {
                case MOVS -> {
                    store(c, target(c, size, true), load(c, source(c, size)));
                    advance(c, 6, by);
                    advance(c, 7, by);
                }
                case STOS -> {
                    store(c, target(c, size, true), c.gpr[0]);
                    advance(c, 7, by);
                }
                case LODS -> {
                    long v = load(c, source(c, size));
                    long keep = size == 1 ? ~0xFFL : size == 2 ? ~0xFFFFL : 0;
                    c.gpr[0] = c.gpr[0] & keep | v & -1L >>> shift;
                    advance(c, 6, by);
                }
                case CMPS -> {
                    long a = load(c, source(c, size));
                    long b = load(c, target(c, size, false));
                    AluOps.apply(c, AluOps.CMP, a, b, shift);
                    advance(c, 6, by);
                    advance(c, 7, by);
                }
                case SCAS -> {
                    long b = load(c, target(c, size, false));
                    AluOps.apply(c, AluOps.CMP, c.gpr[0] << shift >> shift, b, shift);
                    advance(c, 7, by);
                }
                case INS -> {
                    int port = (int) c.gpr[2] & 0xFFFF;
                    c.segments.checkPort(port, size);
                    if (c.stepping) {
                        c.stepper.port(port, size);
                    }
                    long at = target(c, size, true);
                    c.probeWrite(at, size);
                    store(c, at, c.bus.readPort(port, size));
                    advance(c, 7, by);
                }
                default -> {
                    int port = (int) c.gpr[2] & 0xFFFF;
                    c.segments.checkPort(port, size);
                    if (c.stepping) {
                        c.stepper.port(port, size);
                    }
                    int value = (int) load(c, source(c, size));
                    c.bus.writePort(port, size, value);
                    advance(c, 6, by);
                }
            }
        }

        /** A run that stays inside one page on both sides; answers its cost in elements. */
        private int bulk(Cpu c) {
            long left = c.gpr[1] & mask;
            if ((c.eflags & Cpu.F_DF) != 0 || c.codeSize != 64 || addrSize != 64 || left < 4 || c.stepping) {
                return single(c);
            }
            long to = c.gpr[7];
            int bytes = (int) Math.min(Math.min(left, 4096) * size, 4096 - (to & 0xFFF));
            long from = 0;
            if (kind == MOVS) {
                from = c.gpr[6] + c.segBase[sourceSegment];
                bytes = (int) Math.min(bytes, 4096 - (from & 0xFFF));
            }
            bytes -= bytes % size;
            if (bytes == 0) {
                return single(c);
            }
            long hostFrom = kind == MOVS ? c.hostForBulk(from, bytes, false) : 1;
            long hostTo = c.hostForBulk(to, bytes, true);
            if (hostFrom == 0 || hostTo == 0) {
                return single(c);
            }
            if (kind == MOVS) {
                if (hostTo > hostFrom && hostTo < hostFrom + bytes) {
                    if (hostTo - hostFrom < size) {
                        return single(c);
                    }
                    // Overlap that repeats a pattern: copy no more at once than the distance.
                    bytes = (int) (hostTo - hostFrom) / size * size;
                }
                Mem.copy(hostFrom, hostTo, bytes);
                c.gpr[6] += bytes;
            } else {
                fill(hostTo, bytes, c.gpr[0]);
            }
            c.gpr[7] += bytes;
            count(c, bytes / size);
            return 16 + bytes / 64;
        }

        private void fill(long host, int bytes, long value) {
            long pattern = switch (size) {
                case 1 -> (value & 0xFF) * 0x0101_0101_0101_0101L;
                case 2 -> (value & 0xFFFF) * 0x0001_0001_0001_0001L;
                case 4 -> value & 0xFFFF_FFFFL | value << 32;
                default -> value;
            };
            if (size == 1 || pattern == 0 || pattern == -1) {
                Mem.fill(host, bytes, (int) pattern);
                return;
            }
            int i = 0;
            for (; i + 8 <= bytes; i += 8) {
                Mem.put64(host + i, pattern);
            }
            for (; i < bytes; i += size) {
                if (size == 2) {
                    Mem.put16(host + i, (int) pattern);
                } else {
                    Mem.put32(host + i, (int) pattern);
                }
            }
        }
    }
}
