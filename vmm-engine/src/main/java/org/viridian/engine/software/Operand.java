package org.viridian.engine.software;

/**
 * A register or memory operand of an instruction that is not worth a class per form. Values are sign-extended from the
 * operand's size; {@link #set} truncates.
 */
abstract class Operand {
    /** Bytes: 1, 2, 4 or 8. */
    final int size;

    Operand(int size) {
        this.size = size;
    }

    /** The address for a read, to be given to {@link #get}; 0 for registers. */
    abstract long source(Cpu c);

    /** The address for a write or a read-modify-write. */
    abstract long target(Cpu c);

    abstract long get(Cpu c, long address);

    abstract void set(Cpu c, long address, long value);

    /** Reads what the same instruction will write to {@code address}: raises what the write would raise. */
    long modify(Cpu c, long address) {
        return get(c, address);
    }

    boolean isMemory() {
        return false;
    }

    final long read(Cpu c) {
        return get(c, source(c));
    }

    final void write(Cpu c, long value) {
        set(c, target(c), value);
    }

    /** 64 minus the operand's bits: the shift of {@link CpuState#addFlags}. */
    final int shift() {
        return 64 - size * 8;
    }

    /** All ones in the operand's size. */
    final long mask() {
        return -1L >>> shift();
    }

    static Operand register(DecodeContext in, int number, int size) {
        return switch (size) {
            case 1 -> in.rex == 0 && number >= 4 && number < 8 ? new High8(number - 4) : new Low8(number);
            case 2 -> new Reg16(number);
            case 4 -> new Reg32(number);
            default -> new Reg64(number);
        };
    }

    /** The operand of ModRM.rm. */
    static Operand rm(DecodeContext in, int size) {
        if (in.mod == 3) {
            return register(in, in.rm, size);
        }
        return memory(in.ea, size);
    }

    /** The register of ModRM.reg. */
    static Operand reg(DecodeContext in, int size) {
        return register(in, in.reg, size);
    }

    static Operand memory(Ea ea, int size) {
        return switch (size) {
            case 1 -> new Mem8(ea);
            case 2 -> new Mem16(ea);
            case 4 -> new Mem32(ea);
            default -> new Mem64(ea);
        };
    }

    static Operand immediate(long value, int size) {
        return new Immediate(value, size);
    }

    private abstract static class Register extends Operand {
        final int number;

        Register(int number, int size) {
            super(size);
            this.number = number;
        }

        @Override
        long source(Cpu c) {
            return 0;
        }

        @Override
        long target(Cpu c) {
            return 0;
        }
    }

    private static final class Low8 extends Register {
        Low8(int number) {
            super(number, 1);
        }

        @Override
        long get(Cpu c, long address) {
            return (byte) c.gpr[number];
        }

        @Override
        void set(Cpu c, long address, long value) {
            c.gpr[number] = c.gpr[number] & ~0xFFL | value & 0xFF;
        }
    }

    private static final class High8 extends Register {
        High8(int number) {
            super(number, 1);
        }

        @Override
        long get(Cpu c, long address) {
            return (byte) (c.gpr[number] >> 8);
        }

        @Override
        void set(Cpu c, long address, long value) {
            c.gpr[number] = c.gpr[number] & ~0xFF00L | (value & 0xFF) << 8;
        }
    }

    private static final class Reg16 extends Register {
        Reg16(int number) {
            super(number, 2);
        }

        @Override
        long get(Cpu c, long address) {
            return (short) c.gpr[number];
        }

        @Override
        void set(Cpu c, long address, long value) {
            c.gpr[number] = c.gpr[number] & ~0xFFFFL | value & 0xFFFF;
        }
    }

    private static final class Reg32 extends Register {
        Reg32(int number) {
            super(number, 4);
        }

        @Override
        long get(Cpu c, long address) {
            return (int) c.gpr[number];
        }

        @Override
        void set(Cpu c, long address, long value) {
            c.gpr[number] = value & 0xFFFF_FFFFL;
        }
    }

    private static final class Reg64 extends Register {
        Reg64(int number) {
            super(number, 8);
        }

        @Override
        long get(Cpu c, long address) {
            return c.gpr[number];
        }

        @Override
        void set(Cpu c, long address, long value) {
            c.gpr[number] = value;
        }
    }

    private abstract static class Memory extends Operand {
        final Ea ea;

        Memory(Ea ea, int size) {
            super(size);
            this.ea = ea;
        }

        @Override
        boolean isMemory() {
            return true;
        }

        @Override
        long source(Cpu c) {
            return ea.load(c, size);
        }

        @Override
        long target(Cpu c) {
            return ea.store(c, size);
        }
    }

    private static final class Mem8 extends Memory {
        Mem8(Ea ea) {
            super(ea, 1);
        }

        @Override
        long get(Cpu c, long address) {
            return (byte) c.load8(address);
        }

        @Override
        long modify(Cpu c, long address) {
            return (byte) c.modify8(address);
        }

        @Override
        void set(Cpu c, long address, long value) {
            c.store8(address, (int) value);
        }
    }

    private static final class Mem16 extends Memory {
        Mem16(Ea ea) {
            super(ea, 2);
        }

        @Override
        long get(Cpu c, long address) {
            return (short) c.load16(address);
        }

        @Override
        long modify(Cpu c, long address) {
            return (short) c.modify16(address);
        }

        @Override
        void set(Cpu c, long address, long value) {
            c.store16(address, (int) value);
        }
    }

    private static final class Mem32 extends Memory {
        Mem32(Ea ea) {
            super(ea, 4);
        }

        @Override
        long get(Cpu c, long address) {
            return c.load32(address);
        }

        @Override
        long modify(Cpu c, long address) {
            return c.modify32(address);
        }

        @Override
        void set(Cpu c, long address, long value) {
            c.store32(address, (int) value);
        }
    }

    private static final class Mem64 extends Memory {
        Mem64(Ea ea) {
            super(ea, 8);
        }

        @Override
        long get(Cpu c, long address) {
            return c.load64(address);
        }

        @Override
        long modify(Cpu c, long address) {
            return c.modify64(address);
        }

        @Override
        void set(Cpu c, long address, long value) {
            c.store64(address, value);
        }
    }

    private static final class Immediate extends Operand {
        private final long value;

        Immediate(long value, int size) {
            super(size);
            this.value = value;
        }

        @Override
        long source(Cpu c) {
            return 0;
        }

        @Override
        long target(Cpu c) {
            return 0;
        }

        @Override
        long get(Cpu c, long address) {
            return value;
        }

        @Override
        void set(Cpu c, long address, long ignored) {
            throw new IllegalStateException("an immediate is no target");
        }
    }
}
