package org.viridian.engine.software;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.viridian.engine.processor.VirtualProcessor.Outcome;

/** Paging, exceptions, interrupts, modes and self-modifying code, by small programs that end with OUT to port F4. */
@Timeout(20)
class SystemTest {
    private final SystemRig rig = new SystemRig(1);

    @AfterEach
    void close() {
        rig.close();
    }

    /** A handler for a vector that stores the error code at 500, the saved RIP at 508 and ends. */
    private void reporting(int vector, boolean errorCode) {
        String pop = errorCode ? "8f042500050000" : "90909090909090";
        rig.handler(vector, 0, HexFormat.of().parseHex(pop + "488b0424" + "4889042508050000" + "e6f4"));
    }

    @Test
    void aPageFaultTellsAddressAndCause() {
        reporting(14, true);
        // The page at 40000000 is not present: its directory entry is cleared.
        rig.memory.writeLong(0x4000 + 0x1000, 0);
        // mov rbx, 0x40000123; mov dword [rbx], 1
        rig.runs("bb23010040c70301000000");
        assertEquals(2, rig.memory.readLong(0x500));
        assertEquals(0x10005, rig.memory.readLong(0x508));
        assertEquals(0x4000_0123L, rig.vp.state().cr2());
    }

    @Test
    void writeProtectionCountsForTheSupervisorOnlyWithWp() {
        reporting(14, true);
        // 2 MiB at 600000 read-only.
        rig.memory.writeLong(0x4000 + 3 * 8, 0x60_0081);
        // mov rbx, cr0; btr rbx, 16; mov cr0, rbx; mov dword [0x600000], 7; bts rbx, 16; mov cr0, rbx
        // mov eax, [0x600000]; mov [0x510], eax; mov dword [0x600000], 8; out 0xf4, al
        rig.runs("0f20c3480fbaf3100f22c3c704250000600007000000480fbaeb100f22c38b04250000600089042510050000c704250000600008000000e6f4");
        assertEquals(7, rig.memory.readInt(0x510));
        assertEquals(3, rig.memory.readLong(0x500));
        assertEquals(7, rig.memory.readInt(0x60_0000));
    }

    @Test
    void accessedAndDirtyBitsAreSet() {
        rig.memory.writeLong(0x4000 + 3 * 8, 0x60_0083);
        rig.memory.writeLong(0x4000 + 4 * 8, 0x80_0083);
        // mov eax, [0x600000]; mov [0x800000], eax; out 0xf4, al
        rig.runs("8b04250000600089042500008000e6f4");
        assertEquals(0x60_00A3L, rig.memory.readLong(0x4000 + 3 * 8));
        assertEquals(0x80_00E3L, rig.memory.readLong(0x4000 + 4 * 8));
    }

    @Test
    void noExecuteFaultsOnFetch() {
        reporting(14, true);
        rig.memory.writeLong(0x4000 + 3 * 8, 0x8000_0000_0060_0083L);
        rig.memory.writeByte(0x60_0000, 0xC3);
        // mov ecx, 0xc0000080; rdmsr; bts eax, 11; wrmsr; mov eax, 0x600000; call rax; out 0xf4, al
        rig.runs("b9800000c00f320fbae80b0f30b800006000ffd0e6f4");
        assertEquals(0x11, rig.memory.readLong(0x500));
        assertEquals(0x60_0000L, rig.memory.readLong(0x508));
    }

    @Test
    void aTranslationLastsUntilInvlpgOrCr3() {
        // The directory entry of 600000 is pointed elsewhere; the old page stays in use until INVLPG.
        rig.memory.writeInt(0x60_0000, 1);
        rig.memory.writeInt(0x80_0000, 2);
        // mov eax, [0x600000]; mov qword [0x4018], 0x8000e3; invlpg [0x600000]; mov eax, [0x600000]
        // mov [0x500], eax; mov qword [0x4018], 0x6000e3; mov rbx, cr3; mov cr3, rbx
        // mov eax, [0x600000]; mov [0x504], eax; out 0xf4, al
        rig.runs("8b04250000600048c7042518400000e30080000f013c25000060008b0425000060008904250005000048c7042518400000e30060000f20db0f22db8b04250000600089042504050000e6f4");
        assertEquals(2, rig.memory.readInt(0x500));
        assertEquals(1, rig.memory.readInt(0x504));
    }

    @Test
    void userModeIsEnteredByIretAndLeftBySyscall() {
        rig.userPages();
        // LSTAR = the code behind; user code at u adds and calls; R11 and RCX hold flags and return address.
        // mov ecx, 0xc0000080; rdmsr; or eax, 1; wrmsr; mov ecx, 0xc0000081; xor eax, eax
        // mov edx, 0x00180008; wrmsr; mov ecx, 0xc0000082; lea rax, [kernel]; xor edx, edx; wrmsr
        // mov ecx, 0xc0000084; mov eax, 0x200; wrmsr; push 0x23; push 0x7000; push 0x202; push 0x2b
        // lea rax, [user]; push rax; iretq; user: mov ebx, cs; mov esi, 5; syscall; ud2
        // kernel: mov edi, cs; mov [0x500], ebx; mov [0x504], edi; mov [0x508], rcx; mov [0x510], r11
        // lea rax, [kernel - 2]; mov [0x518], rax; pushfq; pop rax; mov [0x520], rax; out 0xf4, al
        rig.runs("b9800000c00f3283c8010f30b9810000c031c0ba080018000f30b9820000c0488d053300000031d20f30b9840000c0b8000200000f306a23680070000068020200006a2b488d05030000005048cf8ccbbe050000000f050f0b8ccf891c2500050000893c250405000048890c25080500004c891c2510050000488d05d7ffffff48890425180500009c584889042520050000e6f4");
        assertEquals(0x2B, rig.memory.readInt(0x500));
        assertEquals(0x08, rig.memory.readInt(0x504));
        assertEquals(rig.memory.readLong(0x518), rig.memory.readLong(0x508));
        assertEquals(0x202, rig.memory.readLong(0x510) & 0x202);
        assertEquals(0, rig.memory.readLong(0x520) & 0x200);
    }

    @Test
    void anExceptionFromUserModeTakesTheStackOfTheTask() {
        rig.userPages();
        rig.handler(13, 0, HexFormat.of().parseHex("4889242500050000" + "488b442408" + "4889042508050000" + "e6f4"));
        // RSP0 is 6000 by the rig's TSS; the frame is SS RSP RFLAGS CS RIP error = 48 bytes.
        // push 0x23; push 0x7000; push 0x202; push 0x2b; lea rax, [user]; push rax; iretq; user: cli
        // ud2
        rig.runs("6a23680070000068020200006a2b488d05030000005048cffa0f0b");
        assertEquals(0x6000 - 48, rig.memory.readLong(0x500));
    }

    @Test
    void anInterruptStackTableEntrySwitchesStacksAtTheSameLevel() {
        rig.handler(3, 1, HexFormat.of().parseHex("4889242500050000" + "e6f4"));
        // int3
        rig.runs("cc");
        assertEquals(0x5000 - 40, rig.memory.readLong(0x500));
    }

    @Test
    void aFaultInTheDeliveryOfAPageFaultIsADoubleFault() {
        rig.handler(8, 1, HexFormat.of().parseHex("488b0424" + "4889042500050000" + "e6f4"));
        // The stack is not there, so neither the page fault nor its frame can be handled.
        rig.memory.writeLong(0x4000 + 0x1000, 0);
        reporting(14, true);
        rig.memory.writeLong(0x500, -1);
        // mov rsp, 0x40001000; push rax
        rig.runs("bc0010004050");
        assertEquals(0, rig.memory.readLong(0x500));
    }

    @Test
    void withoutHandlersTheProcessorShutsDown() {
        // lidt [none]; ud2; none: dw 0; dq 0
        rig.load("0f011d020000000f0b00000000000000000000");
        assertEquals(Outcome.TRIPLE_FAULT, rig.vp.run(rig.bus));
    }

    @Test
    void aSelfInterruptWaitsForTheFlagAndForTheInstructionBehindSti() {
        rig.handler(0x40, 0, HexFormat.of().parseHex("4889042500050000" + "48b8b000e0fe00000000c70000000000" + "48cf"));
        // Vector 40 is sent with IF clear; RAX counts on; the instruction behind STI still runs before the handler stores RAX.
        // mov ebx, 0xfee00000; mov dword [rbx + 0xf0], 0x1ff; cli; mov eax, 1
        // mov dword [rbx + 0x300], 0x40040; inc eax; sti; inc eax; inc eax; cli; mov [0x508], rax
        // out 0xf4, al
        rig.runs("bb0000e0fec783f0000000ff010000fab801000000c7830003000040000400ffc0fbffc0ffc0fa4889042508050000e6f4");
        assertEquals(3, rig.memory.readLong(0x500));
    }

    @Test
    void theTimerWakesAHaltedProcessor() {
        rig.handler(0x41, 0, HexFormat.of().parseHex("ff042500050000" + "48b8b000e0fe00000000c70000000000" + "48cf"));
        long before = rig.clock.nanoTime();
        // One-shot, divisor 1: 20 ms; then TSC-deadline: 10 ms from now.
        // mov ebx, 0xfee00000; mov dword [rbx + 0xf0], 0x1ff; mov dword [rbx + 0x3e0], 0xb
        // mov dword [rbx + 0x320], 0x41; mov dword [rbx + 0x380], 20000000; sti; hlt
        // mov dword [rbx + 0x320], 0x40041; rdtsc; shl rdx, 32; or rax, rdx; add rax, 10000000
        // mov rdx, rax; shr rdx, 32; mov ecx, 0x6e0; wrmsr; hlt; out 0xf4, al
        rig.runs("bb0000e0fec783f0000000ff010000c783e00300000b000000c7832003000041000000c78380030000002d3101fbf4c78320030000410004000f3148c1e2204809d04805809698004889c248c1ea20b9e00600000f30f4e6f4");
        assertEquals(2, rig.memory.readInt(0x500));
        long took = rig.clock.nanoTime() - before;
        assertTrue(took >= 30_000_000L, "woke too early: " + took);
    }

    @Test
    void aHaltedProcessorCostsNoHostTime() {
        rig.handler(0x41, 0, HexFormat.of().parseHex("48b8b000e0fe00000000c70000000000" + "48cf"));
        var threads = java.lang.management.ManagementFactory.getThreadMXBean();
        // mov ebx, 0xfee00000; mov dword [rbx + 0xf0], 0x1ff; mov dword [rbx + 0x3e0], 0xb
        // mov dword [rbx + 0x320], 0x41; mov dword [rbx + 0x380], 300000000; sti; hlt; out 0xf4, al
        String code = ("bb0000e0fec783f0000000ff010000c783e00300000b000000c7832003000041000000c7838003000000a3e111fbf4e6f4");
        long before = threads.getCurrentThreadCpuTime();
        rig.runs(code);
        long used = threads.getCurrentThreadCpuTime() - before;
        assertTrue(used < 100_000_000L, "300 ms of HLT took " + used + " ns of processor time");
    }

    @Test
    void aMessageWakesAHaltedProcessor() throws InterruptedException {
        rig.handler(0x42, 0, HexFormat.of().parseHex("ff042500050000" + "48b8b000e0fe00000000c70000000000" + "48cf"));
        Thread sender = Thread.ofPlatform().start(() -> {
            while (!rig.interrupts.deliver(0xFEE0_0000L, 0x42)) {
                Thread.onSpinWait();
            }
        });
        // mov ebx, 0xfee00000; mov dword [rbx + 0xf0], 0x1ff; sti; hlt; out 0xf4, al
        rig.runs("bb0000e0fec783f0000000ff010000fbf4e6f4");
        sender.join();
        assertEquals(1, rig.memory.readInt(0x500));
    }

    @Test
    void anAutoEoiMessageNeedsNoEndOfInterrupt() throws InterruptedException {
        // inc dword [0x500]; iretq: no EOI.
        rig.handler(0x42, 0, HexFormat.of().parseHex("ff04250005000048cf"));
        Thread sender = Thread.ofPlatform().start(() -> {
            for (int sent = 0; sent < 2; sent++) {
                while (rig.memory.readIntAcquire(0x500) < sent
                        || !rig.interrupts.deliver(0xFEE0_0000L, 0x42 | org.viridian.engine.interrupt.InterruptFabric.AUTO_EOI)) {
                    Thread.onSpinWait();
                }
            }
        });
        // mov ebx, 0xfee00000; mov dword [rbx + 0xf0], 0x1ff; sti; again: pause; cmp dword [0x500], 2; jne again; cli
        // mov eax, [rbx + 0x120]; mov [0x508], eax; out 0xf4, al
        rig.runs("bb0000e0fec783f0000000ff010000fbf390833c25000500000275f4fa8b83200100008904250805" + "0000e6f4");
        sender.join();
        assertEquals(0, rig.memory.readInt(0x508), "nothing is in service");
    }

    @Test
    void levelTriggeredInterruptsEndWithABroadcast() {
        List<Integer> ended = new java.util.ArrayList<>();
        rig.interrupts.endOfInterruptListener(ended::add);
        rig.handler(0x43, 0, HexFormat.of().parseHex("48b8b000e0fe00000000c70000000000" + "48cf"));
        rig.handler(0x44, 0, HexFormat.of().parseHex("48b8b000e0fe00000000c70000000000" + "48cf"));
        rig.onPort(0x80, () -> {
            rig.interrupts.deliver(0xFEE0_0000L, 0x8043);
            rig.interrupts.deliver(0xFEE0_0000L, 0x44);
        });
        // mov ebx, 0xfee00000; mov dword [rbx + 0xf0], 0x1ff; out 0x80, al; sti; nop; nop; cli
        // out 0xf4, al
        rig.runs("bb0000e0fec783f0000000ff010000e680fb9090fae6f4");
        assertEquals(List.of(0x43), ended);
    }

    @Test
    void thePicReachesProcessorZeroThroughLint0() {
        rig.interrupts.externalInterruptSource(() -> {
            rig.interrupts.externalInterrupt(false);
            return 0x45;
        });
        rig.handler(0x45, 0, HexFormat.of().parseHex("ff042500050000" + "48cf"));
        rig.onPort(0x80, () -> rig.interrupts.externalInterrupt(true));
        // mov ebx, 0xfee00000; mov dword [rbx + 0xf0], 0x1ff; mov dword [rbx + 0x350], 0x700; sti
        // out 0x80, al; nop; cli; out 0xf4, al
        rig.runs("bb0000e0fec783f0000000ff010000c7835003000000070000fbe68090fae6f4");
        assertEquals(1, rig.memory.readInt(0x500));
    }

    @Test
    void codeWrittenThroughAnotherMappingIsSeen() {
        // 600000 maps the physical page of the code at 200000 a second time, as text_poke does.
        rig.memory.writeLong(0x4000 + 3 * 8, 0x20_00E3);
        rig.memory.write(0x20_0000, HexFormat.of().parseHex("b801000000c3"));
        // mov esi, 0x200000; xor ebx, ebx; mov ecx, 1000; again: call rsi; add ebx, eax
        // mov [0x600001], ecx; dec ecx; jnz again; mov [0x500], ebx; out 0xf4, al
        rig.runs("be0000200031dbb9e8030000ffd601c3890c2501006000ffc975f1891c2500050000e6f4");
        assertEquals(1 + (1000 * 1001 / 2 - 1), rig.memory.readInt(0x500));
    }

    @Test
    void singleStepStopsBehindEachInstruction() {
        rig.handler(1, 0, HexFormat.of().parseHex("ff042500050000" + "48cf"));
        // pushfq; pop rax; bts rax, 8; push rax; popfq; inc ebx; inc ebx; inc ebx; pushfq; pop rax
        // btr rax, 8; push rax; popfq; nop; nop; out 0xf4, al
        rig.runs("9c58480fbae808509dffc3ffc3ffc39c58480fbaf008509d9090e6f4");
        // Three INC, PUSHFQ, POP, BTR, PUSH, and POPFQ itself, which ran with TF still set.
        assertEquals(8, rig.memory.readInt(0x500));
    }

    @Test
    void unknownModelSpecificRegistersFault() {
        reporting(13, true);
        // mov ecx, 0x12345; rdmsr; out 0xf4, al
        rig.runs("b9452301000f32e6f4");
        assertEquals(0x10005, rig.memory.readLong(0x508));
    }

    @Test
    void cpuidAnswersFromTheTable() {
        // mov eax, 0x80000001; cpuid; mov [0x500], edx; xor eax, eax; cpuid; mov [0x504], ebx
        // out 0xf4, al
        rig.runs("b8010000800fa28914250005000031c00fa2891c2504050000e6f4");
        assertTrue((rig.memory.readInt(0x500) >> 29 & 1) == 1, "long mode");
        assertEquals(0x6874_7541, rig.memory.readInt(0x504));
    }

    @Test
    void theWholeWayFromResetToLongMode() {
        rig.vp.reset();
        // bits 16
        // cli
        // o32 lgdt [cs:gdtr - 0xffff0000]
        // mov eax, 0x80000001
        // cpuid
        // mov [0x520], edx
        // mov eax, cr0
        // or al, 1
        // mov cr0, eax
        // jmp dword 0x18:protected
        // bits 32
        // protected: mov ax, 0x10
        // mov ds, ax
        // mov ss, ax
        // mov esp, 0x7000
        // call sub32
        // mov [0x500], eax
        // mov eax, cr4
        // bts eax, 5
        // mov cr4, eax
        // mov eax, 0x2000
        // mov cr3, eax
        // mov ecx, 0xc0000080
        // rdmsr
        // bts eax, 8
        // wrmsr
        // mov eax, cr0
        // bts eax, 31
        // mov cr0, eax
        // jmp 8:wide
        // sub32: mov eax, 32
        // ret
        // bits 64
        // wide: mov rax, 0x123456789abcdef0
        // mov [0x508], rax
        // out 0xf4, al
        // align 8
        // gdt: dq 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cf9b000000ffff
        // gdtr: dw 31
        // dd gdt
        rig.resetCode("fa2e660f0116a80066b8010000800fa266891620050f20c00c010f22c066ea2500ffff180066b810008ed88ed0bc00700000e835000000a3000500000f20e00fbae8050f22e0b8002000000f22d8b9800000c00f320fbae8080f300f20c00fbae81f0f22c0ea7200ffff0800b820000000c348b8f0debc9a785634124889042508050000e6f490900000000000000000ffff0000009baf00ffff00000093cf00ffff0000009bcf001f008800ffff");
        assertEquals(Outcome.KICKED, rig.vp.run(rig.bus));
        assertEquals(32, rig.memory.readInt(0x500));
        assertEquals(0x1234_5678_9ABC_DEF0L, rig.memory.readLong(0x508));
        assertTrue(rig.vp.inLongMode());
    }
}
