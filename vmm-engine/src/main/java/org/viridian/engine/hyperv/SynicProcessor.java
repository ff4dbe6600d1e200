package org.viridian.engine.hyperv;

import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.viridian.engine.bus.MsrFault;
import org.viridian.engine.interrupt.InterruptFabric;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.GuestMemoryException;

/**
 * One virtual processor's synthetic interrupt controller (TLFS, "Inter-Partition Communication"): sixteen SINTs, the
 * message page and the event flags page.
 *
 * <p>Messages of one SINT wait in a queue for its one slot. The guest empties a slot by a compare-exchange of the type
 * and only then looks at the pending bit, so setting that bit must be followed by another look at the type; and the bit
 * is ORed in, never stored with its neighbours, or a stale header would come back.
 *
 * <p>Thread rule: any thread; the object's monitor guards all but the volatile fields, and nothing but guest memory and
 * the interrupt fabric is called inside it.
 */
final class SynicProcessor {
    /** SINTs of a processor. */
    static final int SINTS = 16;
    /** Event flags of a SINT. */
    static final int FLAGS = 2048;
    /** Bytes a message can carry. */
    static final int MAX_PAYLOAD = 240;
    /**
     * Messages that may wait for one SINT's slot. A port of the real hypervisor has a bounded number of message buffers
     * and turns the sender away when they are used up (TLFS, HvCallPostMessage, HV_STATUS_INSUFFICIENT_BUFFERS); so does
     * this one, or a guest that asks without reading answers could fill the host's memory. All 2047 offers and as many
     * replies fit.
     */
    static final int MAX_WAITING = 4096;

    private static final int SLOT_SIZE = 256;
    private static final int HEADER_OFFSET = 4;
    private static final int SENDER_OFFSET = 8;
    private static final int PAYLOAD_OFFSET = 16;
    /** MessagePending, seen through the dword that begins with the payload size. */
    private static final int PENDING = 1 << 8;

    private static final long SINT_MASKED = 1 << 16;
    private static final long SINT_AUTO_EOI = 1 << 17;
    private static final long SINT_POLLING = 1 << 18;
    private static final int LOWEST_VECTOR = 16;
    private static final long APIC_MESSAGE = 0xFEE0_0000L;

    /** A message that waits for its slot. */
    record Message(int type, byte[] payload) {}

    // Glue.
    private final int vp;
    private final GuestMemory memory;
    private final InterruptFabric interrupts;
    /** Told when something waits that only time or the guest can set free. */
    private final Runnable watchdog;

    // Volatile state.
    private volatile long control;
    private volatile long eventPage;
    private long messagePage;
    private final long[] sints = new long[SINTS];
    /** The vector of a SINT that interrupts, or -1; a copy of {@link #sints} for the way without the monitor. */
    private volatile int[] vectors = new int[SINTS];
    private final List<ArrayDeque<Message>> queues = new ArrayList<>();
    /** Flags signalled while the SINT was masked or the page disabled, by SINT; null when there are none. */
    private final long[][] heldFlags = new long[SINTS][];
    /** SINTs whose interrupt the local APIC refused or that were masked when it was due. */
    private int owed;

    SynicProcessor(int vp, GuestMemory memory, InterruptFabric interrupts, Runnable watchdog) {
        this.vp = vp;
        this.memory = memory;
        this.interrupts = interrupts;
        this.watchdog = watchdog;
        for (int i = 0; i < SINTS; i++) {
            queues.add(new ArrayDeque<>());
        }
        reset();
    }

    synchronized void reset() {
        control = 0;
        eventPage = 0;
        messagePage = 0;
        Arrays.fill(sints, SINT_MASKED);
        updateVectors();
        discardMessages();
        Arrays.fill(heldFlags, null);
        owed = 0;
    }

    // Registers.

    synchronized long read(int msr) throws MsrFault {
        return switch (msr) {
            case SyntheticMsr.SCONTROL -> control;
            case SyntheticMsr.SVERSION -> 1;
            case SyntheticMsr.SIEFP -> eventPage;
            case SyntheticMsr.SIMP -> messagePage;
            case SyntheticMsr.EOM -> 0;
            default -> sints[sint(msr)];
        };
    }

    synchronized void write(int msr, long value) throws MsrFault {
        switch (msr) {
            case SyntheticMsr.SCONTROL -> control = value;
            case SyntheticMsr.SVERSION -> throw MsrFault.INSTANCE;
            case SyntheticMsr.SIEFP -> {
                clearWhenShown(eventPage, value);
                eventPage = value;
            }
            case SyntheticMsr.SIMP -> {
                clearWhenShown(messagePage, value);
                messagePage = value;
            }
            case SyntheticMsr.EOM -> { }
            default -> {
                int sint = sint(msr);
                if ((value & SINT_MASKED) == 0 && (value & 0xFF) < LOWEST_VECTOR) {
                    throw MsrFault.INSTANCE;
                }
                sints[sint] = value;
                updateVectors();
            }
        }
        rescan();
    }

    private static int sint(int msr) throws MsrFault {
        if (msr < SyntheticMsr.SINT0 || msr > SyntheticMsr.SINT15) {
            throw MsrFault.INSTANCE;
        }
        return msr - SyntheticMsr.SINT0;
    }

    /** Both pages are overlays that read as zero when they appear. */
    private void clearWhenShown(long before, long after) {
        boolean shown = enabled(after) && (!enabled(before) || ((before ^ after) & SyntheticMsr.PAGE) != 0);
        if (shown && memory.isRam(after & SyntheticMsr.PAGE, GuestMemory.PAGE_SIZE)) {
            memory.clear(after & SyntheticMsr.PAGE, GuestMemory.PAGE_SIZE);
        }
    }

    private void updateVectors() {
        int[] next = new int[SINTS];
        for (int i = 0; i < SINTS; i++) {
            next[i] = (sints[i] & (SINT_MASKED | SINT_POLLING)) == 0 ? message(sints[i]) : -1;
        }
        vectors = next;
    }

    private static boolean enabled(long pageRegister) {
        return (pageRegister & SyntheticMsr.ENABLE) != 0;
    }

    // Messages.

    /** Queues a message. False when the SINT's buffers are used up and it is dropped. */
    synchronized boolean post(int sint, int type, byte[] payload) {
        ArrayDeque<Message> queue = queues.get(sint);
        if (queue.size() >= MAX_WAITING) {
            deliver(sint);
            if (queue.size() >= MAX_WAITING) {
                return false;
            }
        }
        queue.add(new Message(type, payload.clone()));
        deliver(sint);
        return true;
    }

    synchronized void discardMessages() {
        queues.forEach(ArrayDeque::clear);
    }

    /** Moves messages of one SINT into the slot as far as the guest has made room. */
    private void deliver(int sint) {
        ArrayDeque<Message> queue = queues.get(sint);
        if (queue.isEmpty() || (control & SyntheticMsr.ENABLE) == 0 || !enabled(messagePage)) {
            return;
        }
        long slot = (messagePage & SyntheticMsr.PAGE) + (long) sint * SLOT_SIZE;
        try {
            if (fillSlot(slot, queue)) {
                interrupt(sint);
            }
        } catch (GuestMemoryException notRam) {
            // The guest put its message page outside RAM: accepted, and nothing is delivered until it moves the page.
            return;
        }
        if (!queue.isEmpty()) {
            watchdog.run();
        }
    }

    /** Puts the first message of a queue into a slot. False when the slot is taken: the guest will write EOM. */
    private boolean fillSlot(long slot, ArrayDeque<Message> queue) {
        if (memory.readIntAcquire(slot) != 0) {
            memory.getAndOr(slot + HEADER_OFFSET, PENDING);
            VarHandle.fullFence();
            if (memory.readIntAcquire(slot) != 0) {
                return false;
            }
        }
        Message message = queue.element();
        byte[] payload = message.payload();
        memory.write(slot + PAYLOAD_OFFSET, payload, 0, payload.length);
        memory.writeInt(slot + HEADER_OFFSET, payload.length | (queue.size() == 1 ? 0 : PENDING));
        memory.writeLong(slot + SENDER_OFFSET, 0);
        memory.writeIntRelease(slot, message.type());
        queue.remove();
        return true;
    }

    // Event flags.

    /** Sets a flag; the usual way takes no lock. */
    void signal(int sint, int flag) {
        long page = eventPage;
        int vector = vectors[sint];
        if (vector < 0 || !enabled(page) || (control & SyntheticMsr.ENABLE) == 0) {
            signalOrHold(sint, flag);
            return;
        }
        long word = (page & SyntheticMsr.PAGE) + (long) sint * SLOT_SIZE + (flag >>> 5) * 4L;
        int bit = 1 << flag;
        try {
            if ((memory.getAndOr(word, bit) & bit) == 0 && !interrupts.deliver(apicMessage(), vector)) {
                owe(sint);
            }
        } catch (GuestMemoryException notRam) {
            // The guest put its flags page outside RAM: accepted, and nothing is delivered.
        }
    }

    private synchronized void signalOrHold(int sint, int flag) {
        if (flagsDeliverable(sint)) {
            setFlags(sint, flag >>> 5, 1 << flag);
            return;
        }
        if (heldFlags[sint] == null) {
            heldFlags[sint] = new long[FLAGS / 64];
        }
        heldFlags[sint][flag >>> 6] |= 1L << flag;
    }

    private boolean flagsDeliverable(int sint) {
        return (control & SyntheticMsr.ENABLE) != 0 && enabled(eventPage) && (sints[sint] & SINT_MASKED) == 0;
    }

    private void setFlags(int sint, int word, int bits) {
        long address = (eventPage & SyntheticMsr.PAGE) + (long) sint * SLOT_SIZE + word * 4L;
        try {
            if ((memory.getAndOr(address, bits) & bits) != bits) {
                interrupt(sint);
            }
        } catch (GuestMemoryException notRam) {
            // As in signal.
        }
    }

    private void releaseHeldFlags(int sint) {
        long[] held = heldFlags[sint];
        if (held == null || !flagsDeliverable(sint)) {
            return;
        }
        heldFlags[sint] = null;
        for (int i = 0; i < held.length; i++) {
            if ((int) held[i] != 0) {
                setFlags(sint, 2 * i, (int) held[i]);
            }
            if (held[i] >>> 32 != 0) {
                setFlags(sint, 2 * i + 1, (int) (held[i] >>> 32));
            }
        }
    }

    // Interrupts and rescans.

    /** What the fabric is to send for a SINT. */
    private static int message(long sint) {
        return (int) sint & 0xFF | ((sint & SINT_AUTO_EOI) != 0 ? InterruptFabric.AUTO_EOI : 0);
    }

    private long apicMessage() {
        return APIC_MESSAGE | (long) vp << 12;
    }

    private void interrupt(int sint) {
        if ((sints[sint] & SINT_POLLING) != 0) {
            return;
        }
        if ((sints[sint] & SINT_MASKED) != 0 || !interrupts.deliver(apicMessage(), message(sints[sint]))) {
            owe(sint);
        }
    }

    private synchronized void owe(int sint) {
        owed |= 1 << sint;
        watchdog.run();
    }

    /** Looks at every queue, held flag and owed interrupt of this processor: after EOM, register writes, and in time. */
    synchronized void rescan() {
        int due = owed;
        for (int sint = 0; sint < SINTS; sint++) {
            if ((due & 1 << sint) != 0 && (sints[sint] & SINT_MASKED) == 0 && (control & SyntheticMsr.ENABLE) != 0) {
                owed &= ~(1 << sint);
                interrupt(sint);
            }
            releaseHeldFlags(sint);
            deliver(sint);
        }
    }

    /** True while something waits that a later {@link #rescan} may set free without a register being written. */
    synchronized boolean waiting() {
        if ((control & SyntheticMsr.ENABLE) == 0) {
            return false;
        }
        boolean messagesCanMove = enabled(messagePage) && memory.isRam(messagePage & SyntheticMsr.PAGE, GuestMemory.PAGE_SIZE);
        for (int sint = 0; sint < SINTS; sint++) {
            boolean masked = (sints[sint] & SINT_MASKED) != 0;
            if (!masked && (owed & 1 << sint) != 0 || messagesCanMove && !queues.get(sint).isEmpty()) {
                return true;
            }
        }
        return false;
    }

    // Saved state.

    synchronized HypervisorState.Processor save(long assistPage) {
        List<HypervisorState.Waiting> waiting = new ArrayList<>();
        for (int sint = 0; sint < SINTS; sint++) {
            for (Message message : queues.get(sint)) {
                waiting.add(new HypervisorState.Waiting(sint, message.type(), message.payload().clone()));
            }
        }
        List<Integer> flags = new ArrayList<>();
        for (int sint = 0; sint < SINTS; sint++) {
            for (int flag = 0; heldFlags[sint] != null && flag < FLAGS; flag++) {
                if ((heldFlags[sint][flag >>> 6] & 1L << flag) != 0) {
                    flags.add(sint << 16 | flag);
                }
            }
        }
        return new HypervisorState.Processor(
                assistPage, control, eventPage, messagePage, sints.clone(), List.copyOf(waiting), List.copyOf(flags), owed);
    }

    synchronized void restore(HypervisorState.Processor state) {
        reset();
        control = state.control();
        eventPage = state.eventPage();
        messagePage = state.messagePage();
        System.arraycopy(state.sints(), 0, sints, 0, SINTS);
        updateVectors();
        for (HypervisorState.Waiting waiting : state.messages()) {
            queues.get(waiting.sint()).add(new Message(waiting.type(), waiting.payload().clone()));
        }
        for (int held : state.heldFlags()) {
            int sint = held >>> 16;
            if (heldFlags[sint] == null) {
                heldFlags[sint] = new long[FLAGS / 64];
            }
            heldFlags[sint][(held & 0xFFFF) >>> 6] |= 1L << held;
        }
        owed = state.owed();
        if (waiting()) {
            watchdog.run();
        }
    }
}
