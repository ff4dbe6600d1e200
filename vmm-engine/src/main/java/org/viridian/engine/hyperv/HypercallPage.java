package org.viridian.engine.hyperv;

import java.util.Arrays;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.GuestMemoryException;

/**
 * The page through which guests make hypercalls. Its code is ours: it reaches the host by two private ports instead of
 * VMCALL, because KVM would take a VMCALL for one of its own hypercalls, and so that both backends share it. Nothing
 * but RAX and the flags changes, for FreeBSD declares nothing else as clobbered.
 *
 * <p>The code lives in guest RAM, so a restored VM keeps the bytes it was saved with: the ports never change.
 *
 * <p>Thread rule: callers hold the partition-wide lock of {@link HypervisorInterface}.
 */
final class HypercallPage {
    /** OUT of a connection id: SignalEvent. Below 0x100 and free on a PIIX4 board. */
    static final int SIGNAL_PORT = 0xE0;
    /** IN of 4 bytes: any other hypercall; the host reads the processor's registers and returns the status. */
    static final int CALL_PORT = 0xE4;

    /** INT3: a guest that jumps into the middle finds out. */
    private static final byte FILL = (byte) 0xCC;

    /**
     * Begins with ENDBR64 so that Linux keeps indirect branch tracking. SignalEvent in its fast form with flag number 0
     * takes the short way (an OUT that the backend can turn into a doorbell), everything else the IN.
     */
    private static final byte[] LONG_MODE = bytes(
            0xF3, 0x0F, 0x1E, 0xFA,             // endbr64
            0x81, 0xF9, 0x5D, 0x00, 0x01, 0x00, // cmp ecx, 0x1005D
            0x75, 0x10,                         // jne slow
            0x48, 0x89, 0xD0,                   // mov rax, rdx
            0x48, 0xC1, 0xE8, 0x20,             // shr rax, 32
            0x75, 0x07,                         // jnz slow
            0x89, 0xD0,                         // mov eax, edx
            0xE7, SIGNAL_PORT,                  // out SIGNAL_PORT, eax
            0x31, 0xC0,                         // xor eax, eax
            0xC3,                               // ret
            0xE5, CALL_PORT,                    // slow: in eax, CALL_PORT
            0xC3);                              // ret

    /** The host sets EDX, the upper half of the result, itself. */
    private static final byte[] PROTECTED_MODE = bytes(
            0xF3, 0x0F, 0x1E, 0xFA,
            0xE5, CALL_PORT,
            0xC3);

    private final GuestMemory memory;
    /** Where the code is, or -1. */
    private long address = -1;
    /** What the page held before: it is an overlay, and what it covers reappears. */
    private byte[] covered;

    HypercallPage(GuestMemory memory) {
        this.memory = memory;
    }

    /** The page's content for a processor in or outside long mode. */
    static byte[] code(boolean longMode) {
        byte[] page = new byte[GuestMemory.PAGE_SIZE];
        Arrays.fill(page, FILL);
        byte[] code = longMode ? LONG_MODE : PROTECTED_MODE;
        System.arraycopy(code, 0, page, 0, code.length);
        return page;
    }

    /** Lays the page over guest RAM. False, and nothing is changed, when {@code page} is not RAM. */
    boolean show(long page, boolean longMode) {
        if (page == address) {
            memory.write(page, code(longMode));
            return true;
        }
        byte[] before = new byte[GuestMemory.PAGE_SIZE];
        try {
            memory.read(page, before, 0, before.length);
        } catch (GuestMemoryException notRam) {
            return false;
        }
        hide();
        memory.write(page, code(longMode));
        covered = before;
        address = page;
        return true;
    }

    /** Takes the page away. */
    void hide() {
        if (address >= 0) {
            memory.write(address, covered);
        }
        forget();
    }

    /** The machine was reset: RAM keeps whatever it holds. */
    void forget() {
        address = -1;
        covered = null;
    }

    /** Where the code is, or -1. */
    long address() {
        return address;
    }

    /** What it covers, or null. */
    byte[] covered() {
        return covered;
    }

    /** Takes over a restored VM's page, whose bytes are in RAM already. */
    void resume(long restoredAddress, byte[] restoredCovered) {
        address = restoredAddress;
        covered = restoredCovered;
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }
}
