package org.viridian.engine.software;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.MemoryRegion;

/** Integer instructions one family at a time, in ring 3 over flat memory. Code at 100000, data at 200000, a hole behind 210000. */
class UserModeCpuTest {
    private static final long CODE = 0x10_0000;
    private static final long DATA = 0x20_0000;
    private static final int CF = 1;
    private static final int PF = 4;
    private static final int AF = 0x10;
    private static final int ZF = 0x40;
    private static final int SF = 0x80;
    private static final int OF = 0x800;
    private static final int RAX = 0;
    private static final int RCX = 1;
    private static final int RDX = 2;
    private static final int RBX = 3;
    private static final int RSP = 4;
    private static final int RSI = 6;
    private static final int RDI = 7;

    private final Arena arena = Arena.ofShared();
    private final GuestMemory memory = new GuestMemory();
    private final UserModeCpu cpu;

    UserModeCpuTest() {
        memory.add(new MemoryRegion(CODE, arena.allocate(0x10000, 4096), MemoryRegion.Kind.RAM));
        memory.add(new MemoryRegion(DATA, arena.allocate(0x10000, 4096), MemoryRegion.Kind.RAM));
        cpu = new UserModeCpu(memory);
        cpu.register(RSP, DATA + 0x8000);
    }

    @AfterEach
    void free() {
        arena.close();
    }

    /** Runs to the INT3 behind the code. */
    private UserModeCpu.Stop run(String hex) {
        byte[] code = HexFormat.of().parseHex(hex + "cc");
        memory.write(CODE, code);
        cpu.register(Cpu.RIP, CODE);
        return cpu.run(100_000);
    }

    private void runs(String hex) {
        UserModeCpu.Stop stop = run(hex);
        assertEquals(CpuFault.BP, stop.vector(), () -> "stopped by " + stop + " at " + Long.toHexString(cpu.register(Cpu.RIP)));
    }

    private int flags() {
        return (int) cpu.flags() & (CF | PF | AF | ZF | SF | OF);
    }

    @Test
    void additionSetsEveryFlag() {
        cpu.register(RAX, 0x7FFF_FFFF);
        // add eax, 1
        runs("83c001");
        assertEquals(0x8000_0000L, cpu.register(RAX));
        assertEquals(PF | AF | SF | OF, flags());
        cpu.register(RAX, -1);
        // add rax, 1
        runs("4883c001");
        assertEquals(0, cpu.register(RAX));
        assertEquals(CF | PF | AF | ZF, flags());
        cpu.register(RAX, 0x1280);
        // add al, 0x80
        runs("0480");
        assertEquals(0x1200, cpu.register(RAX));
        assertEquals(CF | PF | ZF | OF, flags());
    }

    @Test
    void carryChainsThroughAdcAndSbb() {
        cpu.register(RAX, -1);
        cpu.register(RDX, 5);
        // add rax, 1; adc rdx, 0; mov rcx, rdx; sub rax, 1; sbb rdx, 0
        runs("4883c0014883d2004889d14883e8014883da00");
        assertEquals(6, cpu.register(RCX));
        assertEquals(-1, cpu.register(RAX));
        assertEquals(5, cpu.register(RDX));
    }

    @Test
    void subtractionAndCompareAgreeWithTheConditions() {
        cpu.register(RAX, 5);
        cpu.register(RBX, -3);
        // SETcc after CMP: below, above, less, greater; and the fused compare and branch.
        // cmp rax, rbx; setb cl; seta ch; setl dl; setg dh; mov esi, 1; cmp rax, rbx; jg over
        // mov esi, 2; over: cmp eax, 5; je done; mov esi, 3; done:
        runs("4839d80f92c10f97c50f9cc20f9fc6be010000004839d87f05be0200000083f8057405be03000000");
        assertEquals(0x0001, cpu.register(RCX) & 0xFFFF);
        assertEquals(0x0100, cpu.register(RDX) & 0xFFFF);
        assertEquals(1, cpu.register(RSI));
    }

    @Test
    void incAndDecKeepCarry() {
        cpu.register(RAX, 0x7FFF_FFFF);
        // stc; inc eax
        runs("f9ffc0");
        assertEquals(CF | PF | AF | SF | OF, flags());
        // clc; dec eax
        runs("f8ffc8");
        assertEquals(PF | AF | OF, flags());
        cpu.register(RBX, Long.MIN_VALUE);
        // stc; dec rbx
        runs("f948ffcb");
        assertEquals(Long.MAX_VALUE, cpu.register(RBX));
        assertEquals(CF | PF | AF | OF, flags());
    }

    @Test
    void writesOf32BitsClearTheUpperHalfOthersDoNot() {
        cpu.register(RAX, -1);
        cpu.register(RBX, -1);
        cpu.register(RCX, -1);
        cpu.register(RDX, -1);
        // mov eax, eax; mov bx, 0; mov ch, 0x12; cmp eax, eax; cmovne edx, eax
        runs("89c066bb0000b51239c00f45d0");
        assertEquals(0xFFFF_FFFFL, cpu.register(RAX));
        assertEquals(0xFFFF_FFFF_FFFF_0000L, cpu.register(RBX));
        assertEquals(0xFFFF_FFFF_FFFF_12FFL, cpu.register(RCX));
        assertEquals(0xFFFF_FFFFL, cpu.register(RDX));
    }

    @Test
    void shiftsAndRotates() {
        cpu.register(RAX, 0x8000_0001L);
        // shl eax, 1
        runs("d1e0");
        assertEquals(2, cpu.register(RAX));
        assertEquals(CF | OF, flags());
        cpu.register(RAX, 0x8000_0001L);
        // sar eax, 1
        runs("d1f8");
        assertEquals(0xC000_0000L, cpu.register(RAX));
        assertEquals(CF | PF | SF, flags());
        cpu.register(RAX, 0x81);
        // rol al, 1; rcr al, 1
        runs("d0c0d0d8");
        assertEquals(0x81, cpu.register(RAX));
        cpu.register(RAX, 0x1234_5678_9ABC_DEF0L);
        cpu.register(RDX, 0x0FED_CBA9_8765_4321L);
        // mov ecx, 20; shld rax, rdx, cl; shrd edx, eax, 12
        runs("b914000000480fa5d00facc20c");
        assertEquals(0x1234_5678_9ABC_DEF0L << 20 | 0x0FED_CBA9_8765_4321L >>> 44, cpu.register(RAX));
        assertEquals((0x8765_4321L >>> 12 | cpu.register(RAX) << 20) & 0xFFFF_FFFFL, cpu.register(RDX));
    }

    @Test
    void aShiftByZeroChangesNoFlag() {
        cpu.register(RCX, 32);
        cpu.register(RAX, -1);
        // stc; shl eax, cl
        runs("f9d3e0");
        assertEquals(0xFFFF_FFFFL, cpu.register(RAX));
        assertTrue((flags() & CF) != 0);
    }

    @Test
    void multiplicationAndDivision() {
        cpu.register(RAX, -2);
        cpu.register(RBX, 3);
        // mul rbx; mov rsi, rdx; mov rdi, rax; mov rcx, 7; xor edx, edx; div rcx
        runs("48f7e34889d64889c7b90700000031d248f7f1");
        assertEquals(2, cpu.register(RSI));
        assertEquals(-6, cpu.register(RDI));
        assertEquals(Long.divideUnsigned(-6, 7), cpu.register(RAX));
        assertEquals(Long.remainderUnsigned(-6, 7), cpu.register(RDX));
        cpu.register(RAX, 0x1111_2222_3333_4444L);
        cpu.register(RDX, 0x0123_4567_89AB_CDEFL);
        cpu.register(RCX, 0x7654_3210_FEDC_BA98L);
        java.math.BigInteger dividend = java.math.BigInteger.valueOf(0x0123_4567_89AB_CDEFL).shiftLeft(64)
                .add(java.math.BigInteger.valueOf(0x1111_2222_3333_4444L));
        java.math.BigInteger[] expected = dividend.divideAndRemainder(java.math.BigInteger.valueOf(0x7654_3210_FEDC_BA98L));
        // div rcx
        runs("48f7f1");
        assertEquals(expected[0].longValue(), cpu.register(RAX));
        assertEquals(expected[1].longValue(), cpu.register(RDX));
        cpu.register(RAX, -100);
        cpu.register(RDX, -1);
        cpu.register(RCX, 7);
        // idiv rcx
        runs("48f7f9");
        assertEquals(-14, cpu.register(RAX));
        assertEquals(-2, cpu.register(RDX));
    }

    @Test
    void aQuotientThatDoesNotFitRaisesDivideErrorAndChangesNothing() {
        cpu.register(RAX, 1);
        cpu.register(RDX, 5);
        cpu.register(RCX, 5);
        // div rcx
        assertEquals(CpuFault.DE, run("48f7f1").vector());
        assertEquals(1, cpu.register(RAX));
        assertEquals(5, cpu.register(RDX));
        cpu.register(RAX, 0x8000_0000L);
        cpu.register(RDX, 0xFFFF_FFFFL);
        cpu.register(RCX, -1);
        // idiv ecx
        assertEquals(CpuFault.DE, run("f7f9").vector());
    }

    @Test
    void bitStringsReachBeyondTheOperand() {
        cpu.register(RBX, DATA + 0x100);
        cpu.register(RCX, -65);
        // bts [rbx], rcx; setc al; btr qword [rbx - 16], 63; setc ah; bt [rbx], rcx; setc dl
        runs("480fab0b0f92c0480fba73f03f0f92c4480fa30b0f92c2");
        assertEquals(0x0100, cpu.register(RAX) & 0xFFFF);
        assertEquals(0, cpu.register(RDX) & 0xFF);
        cpu.register(RAX, 0x00F0);
        // bsf ecx, eax; bsr edx, eax; popcnt esi, eax
        runs("0fbcc80fbdd0f30fb8f0");
        assertEquals(4, cpu.register(RCX));
        assertEquals(7, cpu.register(RDX));
        assertEquals(4, cpu.register(RSI));
        cpu.register(RAX, 0);
        cpu.register(RCX, -1);
        // bsf rcx, rax
        runs("480fbcc8");
        assertEquals(-1, cpu.register(RCX));
        assertTrue((flags() & ZF) != 0);
    }

    @Test
    void crc32UsesTheCastagnoliPolynomial() {
        memory.write(DATA, "123456789".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        cpu.register(RSI, DATA);
        // mov eax, -1; crc32 rax, qword [rsi]; crc32 eax, byte [rsi + 8]; not eax
        runs("b8fffffffff2480f38f106f20f38f04608f7d0");
        assertEquals(0xE306_9283L, cpu.register(RAX));
    }

    @Test
    void stringMovesOverlapAsTheArchitectureSays() {
        memory.write(DATA, new byte[] {1, 2, 3});
        cpu.register(RSI, DATA);
        cpu.register(RDI, DATA + 3);
        cpu.register(RCX, 9000);
        // cld; rep movsb
        runs("fcf3a4");
        for (int i : new int[] {0, 1, 2, 4096, 4097, 8999, 9002}) {
            assertEquals(i % 3 + 1, memory.readByte(DATA + i), "byte " + i);
        }
        assertEquals(0, memory.readByte(DATA + 9003));
        assertEquals(0, cpu.register(RCX));
        assertEquals(DATA + 9000, cpu.register(RSI));
        cpu.register(RSI, DATA + 2);
        cpu.register(RDI, DATA + 3);
        cpu.register(RCX, 3);
        // std; rep movsb; cld
        runs("fdf3a4fc");
        assertEquals(0x0302_0101, memory.readInt(DATA));
    }

    @Test
    void aRepeatedStoreStopsAtTheFaultAndCanGoOn() {
        cpu.register(RDI, DATA + 0xFF00);
        cpu.register(RCX, 0x200);
        cpu.register(RAX, 0x5A);
        // rep stosb
        UserModeCpu.Stop stop = run("f3aa");
        assertEquals(CpuFault.PF, stop.vector());
        assertEquals(6, stop.error());
        assertEquals(DATA + 0x10000, stop.address());
        assertEquals(0x100, cpu.register(RCX));
        assertEquals(DATA + 0x10000, cpu.register(RDI));
        assertEquals(CODE, cpu.register(Cpu.RIP));
        assertEquals(0x5A, memory.readByte(DATA + 0xFFFF));
    }

    @Test
    void scansAndComparesEndOnTheCondition() {
        memory.write(DATA, "hello, world".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        memory.write(DATA + 0x100, "hello, there".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        cpu.register(RDI, DATA);
        // mov al, ','; mov ecx, 100; repne scasb
        runs("b02cb964000000f2ae");
        assertEquals(DATA + 6, cpu.register(RDI));
        assertEquals(94, cpu.register(RCX));
        cpu.register(RSI, DATA);
        cpu.register(RDI, DATA + 0x100);
        // mov ecx, 12; repe cmpsb
        runs("b90c000000f3a6");
        assertEquals(4, cpu.register(RCX));
        assertTrue((flags() & ZF) == 0);
    }

    @Test
    void atomicsReturnTheOldValue() {
        memory.writeLong(DATA, 40);
        cpu.register(RBX, DATA);
        // mov eax, 40; mov ecx, 41; lock cmpxchg [rbx], rcx; mov edx, 2; lock xadd [rbx], rdx
        // mov esi, 7; xchg [rbx], rsi
        runs("b828000000b929000000f0480fb10bba02000000f0480fc113be07000000488733");
        assertEquals(41, cpu.register(RDX));
        assertEquals(43, cpu.register(RSI));
        assertEquals(7, memory.readLong(DATA));
        memory.writeLong(DATA + 16, 1);
        memory.writeLong(DATA + 24, 2);
        // mov eax, 1; mov edx, 2; lea rdi, [rbx + 16]; mov ebx, 3; mov ecx, 4; lock cmpxchg16b [rdi]
        // sete sil
        runs("b801000000ba02000000488d7b10bb03000000b904000000f0480fc70f400f94c6");
        assertEquals(3, memory.readLong(DATA + 16));
        assertEquals(4, memory.readLong(DATA + 24));
        assertEquals(1, cpu.register(RSI) & 0xFF);
    }

    @Test
    void lockWithoutMemoryIsAnInvalidOpcode() {
        assertEquals(CpuFault.UD, run("f00fc1c8").vector());
        assertEquals(CpuFault.UD, run("f08b03").vector());
    }

    @Test
    void aStoreThatFaultsLeavesFlagsAndRegisters() {
        cpu.register(RBX, DATA + 0xFFFC);
        cpu.register(RAX, 1);
        cpu.flags(0x202 | CF);
        // nop; add [rbx], rax
        UserModeCpu.Stop stop = run("90480103");
        assertEquals(CpuFault.PF, stop.vector());
        assertEquals(1, stop.instructions());
        assertEquals(CODE + 1, cpu.register(Cpu.RIP));
        assertEquals(CF, flags());
        assertEquals(0, memory.readInt(DATA + 0xFFFC));
    }

    @Test
    void accessesCrossPages() {
        cpu.register(RBX, DATA + 0xFFD);
        // mov rax, qword 0x1122334455667788; mov [rbx], rax; mov rcx, [rbx]; lock add qword [rbx], 1
        // movzx edx, word [rbx + 2]
        runs("48b88877665544332211488903488b0bf0488303010fb75302");
        assertEquals(0x1122_3344_5566_7788L, cpu.register(RCX));
        assertEquals(0x1122_3344_5566_7789L, memory.readLong(DATA + 0xFFD));
        assertEquals(0x5566, cpu.register(RDX));
    }

    @Test
    void callsStackAndFrames() {
        // push 5; call f; pop rbx; jmp done; f: enter 32, 0; mov rcx, [rbp + 16]; leave; ret
        // done: pushfq; pop rdx; push qword [rsp - 8]; pop rsi
        runs("6a05e8030000005beb0ac8200000488b4d10c9c39c5aff7424f85e");
        assertEquals(5, cpu.register(RCX));
        assertEquals(5, cpu.register(RBX));
        assertEquals(0x202, cpu.register(RDX) & 0x202);
        assertEquals(DATA + 0x8000, cpu.register(RSP));
    }

    @Test
    void codeThatChangesItselfIsSeenInTheNextInstruction() {
        // The store replaces the immediate of the MOV directly behind it, in the same block.
        // lea rbx, [there + 1]; mov dword [rbx], 99; there: mov eax, 1; mov ecx, 2
        runs("488d1d07000000c70363000000b801000000b902000000");
        assertEquals(99, cpu.register(RAX));
        assertEquals(2, cpu.register(RCX));
    }

    @Test
    void hostWritesReachDecodedCode() {
        // mov eax, 1
        runs("b801000000");
        // mov eax, 2
        runs("b802000000");
        assertEquals(2, cpu.register(RAX));
    }

    @Test
    void anInstructionMayCrossPages() {
        byte[] code = HexFormat.of().parseHex("48b88877665544332211cc");
        memory.write(CODE + 0x1000 - 5, code);
        cpu.register(Cpu.RIP, CODE + 0x1000 - 5);
        assertEquals(CpuFault.BP, cpu.run(10).vector());
        assertEquals(0x1122_3344_5566_7788L, cpu.register(RAX));
        memory.writeByte(CODE + 0x1001, 0x99);
        cpu.register(Cpu.RIP, CODE + 0x1000 - 5);
        assertEquals(CpuFault.BP, cpu.run(10).vector());
        assertEquals(0x1122_3399_5566_7788L, cpu.register(RAX));
    }

    @Test
    void privilegedInstructionsFault() {
        for (String hex : new String[] {"f4", "fa", "0f20c0", "0f30", "ec", "0f01f8", "0f06"}) {
            assertEquals(CpuFault.GP, run(hex).vector(), hex);
        }
    }

    @Test
    void segmentBasesCountInFsAndGsOnly() {
        memory.writeLong(DATA + 0x28, 77);
        cpu.bases(DATA, DATA + 8);
        // mov rax, [fs:abs 0x28]; mov rcx, [gs:abs 0x20]; rdfsbase rdx
        runs("64488b04252800000065488b0c2520000000f3480faec2");
        assertEquals(77, cpu.register(RAX));
        assertEquals(77, cpu.register(RCX));
        assertEquals(DATA, cpu.register(RDX));
    }

    @Test
    void theCountOfInstructionsIsExact() {
        memory.write(CODE, HexFormat.of().parseHex("ffc0".repeat(200)));
        cpu.register(Cpu.RIP, CODE);
        UserModeCpu.Stop stop = cpu.run(133);
        assertEquals(-1, stop.vector());
        assertEquals(133, cpu.register(RAX));
        assertEquals(CODE + 266, cpu.register(Cpu.RIP));
    }
}
