package org.viridian.engine.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.viridian.engine.processor.LiveState;
import org.viridian.engine.processor.LiveState.Activity;
import org.viridian.engine.processor.LiveState.Pending;

/**
 * The part of a processor's state that has no place among the plain registers: FPU with its extensions, XCR0, debug
 * registers, pending events and whether it executes. Thread rule: the processor's own.
 */
final class KvmLiveState {
    private static final long XCR0_RESET = 1;
    private static final long[] DEBUG_RESET = {0, 0, 0, 0, 0xFFFF_0FF0L, 0x400};

    private final int fd;
    private final MemorySegment xsave;
    private final MemorySegment xcrs;
    private final MemorySegment debug;
    private final MemorySegment events;
    private final MemorySegment word;
    private final boolean hasXcr0;
    private final byte[] resetXsave;
    private final byte[] resetEvents;
    private final int resetRunState;

    /** @param fd the processor's descriptor, fresh from the kernel and with its CPUID table set */
    KvmLiveState(int fd, Arena arena) {
        this.fd = fd;
        xsave = arena.allocate(KvmAbi.XSAVE_SIZE, 64);
        xcrs = arena.allocate(KvmAbi.XCRS_SIZE, 8);
        debug = arena.allocate(KvmAbi.DEBUGREGS_SIZE, 8);
        events = arena.allocate(KvmAbi.VCPU_EVENTS_SIZE, 8);
        word = arena.allocate(8, 8);
        // A processor without XSAVE has none: the kernel refuses, or lists nothing.
        hasXcr0 = Libc.ioctl(fd, KvmAbi.GET_XCRS, xcrs.address()) == 0 && xcrs.get(JAVA_INT, 0) > 0;
        call(KvmAbi.GET_XSAVE, xsave, "KVM_GET_XSAVE");
        resetXsave = xsave.toArray(JAVA_BYTE);
        call(KvmAbi.GET_VCPU_EVENTS, events, "KVM_GET_VCPU_EVENTS");
        call(KvmAbi.GET_MP_STATE, word, "KVM_GET_MP_STATE");
        resetEvents = events.toArray(JAVA_BYTE);
        resetRunState = word.get(JAVA_INT, 0);
    }

    /** What power-on leaves. */
    void reset() {
        plain();
        runState(resetRunState);
    }

    /** Ready to execute, nothing under way. */
    void start(byte[] fxsave) {
        plain();
        if (fxsave != null) {
            floatingPoint(fxsave);
        }
        runState(KvmAbi.MP_STATE_RUNNABLE);
    }

    private void plain() {
        extendedControl(XCR0_RESET);
        floatingPoint(null);
        debugRegisters(DEBUG_RESET);
        MemorySegment.copy(resetEvents, 0, events, JAVA_BYTE, 0, resetEvents.length);
        call(KvmAbi.SET_VCPU_EVENTS, events, "KVM_SET_VCPU_EVENTS");
    }

    LiveState read(long timestamp) {
        call(KvmAbi.GET_XSAVE, xsave, "KVM_GET_XSAVE");
        long xcr0 = 0;
        if (hasXcr0) {
            call(KvmAbi.GET_XCRS, xcrs, "KVM_GET_XCRS");
            xcr0 = xcrs.get(JAVA_LONG, KvmAbi.XCRS_HEADER + 8);
        }
        call(KvmAbi.GET_DEBUGREGS, debug, "KVM_GET_DEBUGREGS");
        call(KvmAbi.GET_VCPU_EVENTS, events, "KVM_GET_VCPU_EVENTS");
        call(KvmAbi.GET_MP_STATE, word, "KVM_GET_MP_STATE");
        Activity activity = switch (word.get(JAVA_INT, 0)) {
            case KvmAbi.MP_STATE_HALTED -> Activity.HALTED;
            case KvmAbi.MP_STATE_INIT_RECEIVED -> Activity.WAIT_FOR_SIPI;
            case KvmAbi.MP_STATE_UNINITIALIZED -> Activity.WAIT_FOR_INIT;
            default -> Activity.RUNNING;
        };
        return new LiveState(activity, timestamp, xcr0, hasXcr0 ? xsave.toArray(JAVA_BYTE) : null,
                debug.asSlice(0, KvmAbi.DEBUGREGS_COUNT * 8).toArray(JAVA_LONG), pending());
    }

    /** The FXSAVE image of the last {@link #read}. */
    byte[] fxsave() {
        return xsave.asSlice(0, KvmAbi.FXSAVE_SIZE).toArray(JAVA_BYTE);
    }

    /** Everything but the activity, which comes last of all: {@link #activity}. */
    void write(LiveState state, byte[] fxsave) {
        if (state.xcr0() != 0) {
            extendedControl(state.xcr0());
        }
        if (state.xsave() != null && hasXcr0) {
            xsave.fill((byte) 0);
            MemorySegment.copy(state.xsave(), 0, xsave, JAVA_BYTE, 0, Math.min(state.xsave().length, KvmAbi.XSAVE_SIZE));
            call(KvmAbi.SET_XSAVE, xsave, "KVM_SET_XSAVE");
        } else {
            floatingPoint(fxsave);
        }
        debugRegisters(state.debug() == null ? DEBUG_RESET : state.debug());
        pending(state.pending());
    }

    void activity(Activity activity) {
        runState(switch (activity) {
            case RUNNING -> KvmAbi.MP_STATE_RUNNABLE;
            case HALTED -> KvmAbi.MP_STATE_HALTED;
            case WAIT_FOR_SIPI -> KvmAbi.MP_STATE_INIT_RECEIVED;
            case WAIT_FOR_INIT -> KvmAbi.MP_STATE_UNINITIALIZED;
        });
    }

    private Pending pending() {
        boolean exception = (flag(KvmAbi.EVENT_EXCEPTION_INJECTED) | flag(KvmAbi.EVENT_EXCEPTION_PENDING)) != 0;
        return new Pending(
                exception ? flag(KvmAbi.EVENT_EXCEPTION_VECTOR) : LiveState.NONE,
                exception && flag(KvmAbi.EVENT_EXCEPTION_HAS_ERROR) != 0 ? events.get(JAVA_INT, KvmAbi.EVENT_EXCEPTION_ERROR) : LiveState.NONE,
                flag(KvmAbi.EVENT_INTERRUPT_INJECTED) != 0 ? flag(KvmAbi.EVENT_INTERRUPT_VECTOR) : LiveState.NONE,
                flag(KvmAbi.EVENT_INTERRUPT_SOFT) != 0, flag(KvmAbi.EVENT_SHADOW), flag(KvmAbi.EVENT_NMI_INJECTED) != 0,
                flag(KvmAbi.EVENT_NMI_PENDING) != 0, flag(KvmAbi.EVENT_NMI_MASKED) != 0);
    }

    private int flag(int at) {
        return events.get(JAVA_BYTE, at) & 0xFF;
    }

    private void pending(Pending pending) {
        events.fill((byte) 0);
        if (pending.exception() != LiveState.NONE) {
            event(KvmAbi.EVENT_EXCEPTION_INJECTED, 1);
            event(KvmAbi.EVENT_EXCEPTION_VECTOR, pending.exception());
            if (pending.exceptionError() != LiveState.NONE) {
                event(KvmAbi.EVENT_EXCEPTION_HAS_ERROR, 1);
                events.set(JAVA_INT, KvmAbi.EVENT_EXCEPTION_ERROR, pending.exceptionError());
            }
        }
        if (pending.interrupt() != LiveState.NONE) {
            event(KvmAbi.EVENT_INTERRUPT_INJECTED, 1);
            event(KvmAbi.EVENT_INTERRUPT_VECTOR, pending.interrupt());
            event(KvmAbi.EVENT_INTERRUPT_SOFT, pending.softInterrupt() ? 1 : 0);
        }
        event(KvmAbi.EVENT_SHADOW, pending.shadow());
        event(KvmAbi.EVENT_NMI_INJECTED, pending.nmiInjected() ? 1 : 0);
        event(KvmAbi.EVENT_NMI_PENDING, pending.nmiPending() ? 1 : 0);
        event(KvmAbi.EVENT_NMI_MASKED, pending.nmiBlocked() ? 1 : 0);
        events.set(JAVA_INT, KvmAbi.EVENT_FLAGS, KvmAbi.EVENTS_VALID_NMI_PENDING | KvmAbi.EVENTS_VALID_SHADOW);
        call(KvmAbi.SET_VCPU_EVENTS, events, "KVM_SET_VCPU_EVENTS");
    }

    private void event(int at, int value) {
        events.set(JAVA_BYTE, at, (byte) value);
    }

    private void floatingPoint(byte[] image) {
        if (image == null) {
            MemorySegment.copy(resetXsave, 0, xsave, JAVA_BYTE, 0, resetXsave.length);
        } else {
            xsave.fill((byte) 0);
            MemorySegment.copy(image, 0, xsave, JAVA_BYTE, 0, KvmAbi.FXSAVE_SIZE);
            xsave.set(JAVA_LONG, KvmAbi.XSAVE_XSTATE_BV, KvmAbi.XSTATE_FP_SSE);
        }
        call(KvmAbi.SET_XSAVE, xsave, "KVM_SET_XSAVE");
    }

    private void extendedControl(long value) {
        if (!hasXcr0) {
            return;
        }
        xcrs.fill((byte) 0);
        xcrs.set(JAVA_INT, 0, 1);
        xcrs.set(JAVA_LONG, KvmAbi.XCRS_HEADER + 8, value);
        call(KvmAbi.SET_XCRS, xcrs, "KVM_SET_XCRS");
    }

    private void debugRegisters(long[] values) {
        debug.fill((byte) 0);
        MemorySegment.copy(values, 0, debug, JAVA_LONG, 0, KvmAbi.DEBUGREGS_COUNT);
        call(KvmAbi.SET_DEBUGREGS, debug, "KVM_SET_DEBUGREGS");
    }

    private void runState(int state) {
        word.set(JAVA_INT, 0, state);
        call(KvmAbi.SET_MP_STATE, word, "KVM_SET_MP_STATE");
    }

    private void call(long request, MemorySegment argument, String what) {
        if (Libc.ioctl(fd, request, argument.address()) < 0) {
            throw new IllegalStateException("%s failed with error %d".formatted(what, Libc.errno()));
        }
    }
}
