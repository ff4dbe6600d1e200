package org.viridian.engine.software;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.viridian.engine.backend.BackendException;
import org.viridian.engine.processor.VirtualProcessor;
import org.viridian.engine.processor.VirtualProcessor.Outcome;

/** Two processors: start-up by INIT and SIPI, atomics against each other, code changed by the other one. */
@Timeout(20)
class SmpTest {
    private final SystemRig rig = new SystemRig(2);
    private final VirtualProcessor second;
    private Thread thread;

    SmpTest() throws BackendException {
        second = rig.addProcessor(1);
    }

    @AfterEach
    void close() throws InterruptedException {
        while (thread != null && thread.isAlive()) {
            second.kick();
            thread.join(10);
        }
        second.close();
        rig.close();
    }

    private void startSecond() {
        thread = Thread.ofPlatform().start(() -> second.run(rig.bus));
    }

    /** Gives the second processor the state of the first, with its own code and stack. */
    private void both(String hex) {
        second.state(rig.vp.state());
        second.register(4, 0x7000);
        rig.memory.write(0x2_0000, HexFormat.of().parseHex(hex));
        var state = second.state();
        second.state(new org.viridian.engine.processor.ProcessorState(state.gpr(), 0x2_0000, 2, state.segments(), state.gdtBase(),
                state.gdtLimit(), state.idtBase(), state.idtLimit(), state.cr0(), 0, state.cr3(), state.cr4(), 0, state.efer(), null,
                java.util.Map.of(), null));
    }

    @Test
    void initAndSipiStartTheSecondProcessorInRealMode() {
        // At 7000, with DS = 0: MOV AX,CS; MOV [500],AX; MOV WORD [502],1; HLT.
        rig.memory.write(0x7000, HexFormat.of().parseHex("8cc8a30005c7060205" + "0100f4"));
        startSecond();
        // mov ebx, 0xfee00000; mov dword [rbx + 0x310], 0x1000000; mov dword [rbx + 0x300], 0xc500
        // mov dword [rbx + 0x300], 0x8500; mov dword [rbx + 0x300], 0x607; wait_: pause
        // cmp word [0x502], 1; jne wait_; out 0xf4, al
        rig.runs("bb0000e0fec7831003000000000001c7830003000000c50000c7830003000000850000c7830003000007060000f39066833c25020500000175f3e6f4");
        assertEquals(0x700, rig.memory.readShort(0x500));
    }

    @Test
    void lockedAdditionsLoseNothing() throws InterruptedException {
        // mov ebx, 0x500; mov ecx, 200000; again: lock inc qword [rbx]; lock add dword [rbx + 13], 1
        // dec ecx; jnz again; cli; hlt
        String loop = ("bb00050000b9400d0300f048ff03f083430d01ffc975f3faf4");
        both(loop);
        startSecond();
        rig.load(loop.substring(0, loop.length() - 4) + "e6f4");
        assertEquals(Outcome.KICKED, rig.vp.run(rig.bus));
        while (!((SoftwareProcessor) second).cpu.halted && thread.isAlive()) {
            Thread.sleep(1);
        }
        assertEquals(400_000, rig.memory.readLong(0x500));
        assertEquals(400_000, rig.memory.readInt(0x50D));
    }

    @Test
    void codeChangedByTheOtherProcessorIsSeen() throws InterruptedException {
        // The second processor calls a routine at 30000 and publishes what it returns; the first one changes the routine.
        rig.memory.write(0x3_0000, HexFormat.of().parseHex("b801000000c3"));
        // mov esi, 0x30000; again: call rsi; mov [0x500], eax; jmp again
        both("be00000300ffd689042500050000ebf5");
        startSecond();
        long end = System.nanoTime() + 5_000_000_000L;
        for (int value = 2; value < 60; value++) {
            rig.load("c705f7ff0100" + "%08x".formatted(Integer.reverseBytes(value)) + "e6f4");
            assertEquals(Outcome.KICKED, rig.vp.run(rig.bus));
            rig.vp.state(withRip(0x1_0000));
            while (rig.memory.readIntAcquire(0x500) != value) {
                assertTrue(System.nanoTime() < end, "the second processor still runs the old code: " + rig.memory.readInt(0x500));
            }
        }
    }

    private org.viridian.engine.processor.ProcessorState withRip(long rip) {
        var s = rig.vp.state();
        return new org.viridian.engine.processor.ProcessorState(s.gpr(), rip, s.rflags(), s.segments(), s.gdtBase(), s.gdtLimit(),
                s.idtBase(), s.idtLimit(), s.cr0(), s.cr2(), s.cr3(), s.cr4(), s.cr8(), s.efer(), s.fxsave(), s.msrs(), s.localApic());
    }
}
