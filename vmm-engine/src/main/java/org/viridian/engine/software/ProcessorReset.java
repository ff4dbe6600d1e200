package org.viridian.engine.software;

import java.util.Arrays;

/** Power-on, INIT and start-up states (Intel SDM vol. 3A, section 9.1, table 9-1). */
final class ProcessorReset {
    private ProcessorReset() {}

    /** Power-on or RESET. */
    static void power(Cpu c) {
        registers(c);
        Arrays.fill(c.xmm, 0);
        c.mxcsr = 0x1F80;
        c.x87.reset();
        c.msrs.reset();
        c.apic.reset(true);
        c.halted = c.apic.waitsForSipi();
        if (c.halted) {
            c.request(Cpu.PENDING_HALT);
        }
    }

    /** INIT: x87, SSE, MSRs stay. */
    static void init(Cpu c) {
        registers(c);
    }

    private static void registers(Cpu c) {
        Arrays.fill(c.gpr, 0);
        c.gpr[2] = CpuidTable.SIGNATURE;
        c.gpr[Cpu.RIP] = 0xFFF0;
        c.setRflags(2);
        for (int segment = Cpu.ES; segment <= Cpu.GS; segment++) {
            c.segments.set(segment, 0, 0, 0xFFFF, 0x93);
        }
        c.segments.set(Cpu.CS, 0xF000, 0xFFFF_0000L, 0xFFFF, 0x9B);
        c.segments.set(Cpu.LDTR, 0, 0, 0xFFFF, 0x82);
        c.segments.set(Cpu.TR, 0, 0, 0xFFFF, 0x8B);
        c.gdtBase = 0;
        c.gdtLimit = 0xFFFF;
        c.idtBase = 0;
        c.idtLimit = 0xFFFF;
        c.cr0 = 0x6000_0010L;
        c.cr2 = 0;
        c.cr3 = 0;
        c.cr4 = 0;
        c.efer = 0;
        c.xcr0 = 1;
        c.shadow = 0;
        Arrays.fill(c.dr, 0);
        c.dr[6] = 0xFFFF_0FF0L;
        c.dr[7] = 0x400;
        c.halted = false;
        c.nmiBlocked = false;
        c.interruptDeferred = false;
        c.setCpl(0);
        c.updateMode();
        c.flushAll();
    }

    /** SIPI: real mode at {@code vector} × 4096. */
    static void startUp(Cpu c, int vector) {
        c.segments.set(Cpu.CS, vector << 8, (long) vector << 12, 0xFFFF, 0x9B);
        c.gpr[Cpu.RIP] = 0;
        c.updateMode();
    }
}
