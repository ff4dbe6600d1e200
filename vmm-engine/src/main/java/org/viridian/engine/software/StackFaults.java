package org.viridian.engine.software;

/**
 * Tells #SS from #GP: in 64-bit code a non-canonical address raises #SS when the access goes to the stack segment, that is
 * by PUSH and kin, or over RSP or RBP as a base (Intel SDM vol. 3A, section 6.15; AMD APM vol. 2, section 8.2.13). The fast
 * paths know addresses only, so the instruction is decoded once more when it has faulted.
 *
 * <p>Thread rule: the processor's own thread.
 */
final class StackFaults {
    private static final int REACH = 512;

    private final Cpu c;
    private final DecodeContext context = new DecodeContext();
    private final Decoder decoder = new Decoder();

    StackFaults(Cpu c) {
        this.c = c;
    }

    /** Completes a fault by a non-canonical address; RIP is the faulting instruction. Others stay as they are. */
    void complete(CpuFault fault) {
        if (!fault.nonCanonical || c.codeSize != 64 || fault.vector != CpuFault.GP) {
            return;
        }
        long address = fault.linear;
        boolean stack;
        try {
            stack = toStack(address);
        } catch (CpuFault unreadable) {
            // Another processor has unmapped the instruction meanwhile: leave #GP. Same object, so restore it.
            stack = false;
        }
        fault.vector = stack ? CpuFault.SS : CpuFault.GP;
        fault.error = 0;
        fault.nonCanonical = false;
    }

    private boolean toStack(long address) {
        long rip = c.gpr[Cpu.RIP];
        DecodeContext in = context;
        int room = 4096 - ((int) rip & 0xFFF);
        long physical = c.translateFetch(rip);
        PhysicalMemory.Region region = c.memory.find(physical);
        if (region == null) {
            return false;
        }
        in.limit = Math.min(room, DecodeContext.MAX_LENGTH);
        Mem.copyOut(physical + region.addend, in.bytes, 0, in.limit);
        decoder.decode(in, 64, 0);
        if (in.exhausted) {
            physical = c.translateFetch((rip | 0xFFF) + 1);
            region = c.memory.find(physical);
            if (region == null) {
                return false;
            }
            Mem.copyOut(physical + region.addend, in.bytes, room, DecodeContext.MAX_LENGTH);
            in.limit = room + DecodeContext.MAX_LENGTH;
            decoder.decode(in, 64, 0);
        }
        if (in.ea != null && !in.ea.ripRelative) {
            long from = in.ea.offset(c) + c.segBase[in.ea.segment];
            // Long operands (FXSAVE, bit strings) may start at a canonical address.
            if (address - from >= 0 && address - from < REACH || !implicit(in)) {
                return (in.ea.base == 4 || in.ea.base == 5) && in.ea.segment == Cpu.FLAT;
            }
        }
        return implicit(in);
    }

    /** Instructions that use the stack by themselves. */
    private static boolean implicit(DecodeContext in) {
        int opcode = in.opcode;
        if (in.map == 1) {
            return opcode == 0xA0 || opcode == 0xA1 || opcode == 0xA8 || opcode == 0xA9;
        }
        if (in.map != 0) {
            return false;
        }
        return opcode >= 0x50 && opcode <= 0x5F || switch (opcode) {
            case 0x68, 0x6A, 0x8F, 0x9C, 0x9D, 0xC2, 0xC3, 0xC8, 0xC9, 0xCA, 0xCB, 0xCF, 0xE8 -> true;
            case 0xFF -> (in.reg & 7) == 2 || (in.reg & 7) == 3 || (in.reg & 7) == 6;
            default -> false;
        };
    }
}
