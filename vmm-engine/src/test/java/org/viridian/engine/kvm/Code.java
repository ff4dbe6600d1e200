package org.viridian.engine.kvm;

import java.io.ByteArrayOutputStream;

/** Emits the few 64-bit instructions that the guests of these tests are made of. */
final class Code {
    static final int EAX = 0;
    static final int ECX = 1;
    static final int EDX = 2;
    static final int EBX = 3;
    static final int ESI = 6;
    static final int EDI = 7;
    /** A write here ends the test guest. */
    static final int DONE = 0xF4;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final int origin;

    Code(int origin) {
        this.origin = origin;
    }

    int here() {
        return origin + bytes.size();
    }

    byte[] bytes() {
        return bytes.toByteArray();
    }

    Code raw(int... values) {
        for (int value : values) {
            bytes.write(value);
        }
        return this;
    }

    private Code word(int value) {
        return raw(value, value >> 8, value >> 16, value >> 24);
    }

    /** mov r32, imm32. */
    Code mov(int register, int value) {
        return raw(0xB8 + register).word(value);
    }

    /** mov [address], r32. */
    Code store(int address, int register) {
        return raw(0x89, 0x04 | register << 3, 0x25).word(address);
    }

    /** mov r32, [address]. */
    Code load(int register, int address) {
        return raw(0x8B, 0x04 | register << 3, 0x25).word(address);
    }

    /** The address is sign-extended: the local APIC lies above 2 GiB and needs a register. */
    Code storeHigh(int address, int value) {
        return mov(EBX, address).raw(0xC7, 0x03).word(value);
    }

    /** out imm8, al. */
    Code out(int port) {
        return raw(0xE6, port);
    }

    /** out imm8, eax. */
    Code outWide(int port) {
        return raw(0xE7, port);
    }

    Code done() {
        return out(DONE).raw(0xEB, 0xFE);
    }

    Code wrmsr(int msr, long value) {
        return mov(ECX, msr).mov(EAX, (int) value).mov(EDX, (int) (value >>> 32)).raw(0x0F, 0x30);
    }

    Code rdmsr(int msr) {
        return mov(ECX, msr).raw(0x0F, 0x32);
    }

    /** sti; l: hlt; jmp l. */
    Code idle() {
        return raw(0xFB, 0xF4, 0xEB, 0xFD);
    }

    Code spin() {
        return raw(0xEB, 0xFE);
    }

    Code call(int target) {
        return raw(0xE8).word(target - (here() + 5));
    }

    Code iret() {
        return raw(0x48, 0xCF);
    }
}
