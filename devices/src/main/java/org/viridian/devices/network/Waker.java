package org.viridian.devices.network;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Brings a thread out of {@code poll}: an eventfd in its set. Several wakes before the thread looks cost one system call.
 * {@link #wake} from any thread; the rest on the polling thread.
 */
final class Waker implements AutoCloseable {
    private final int descriptor = Posix.eventDescriptor();
    private final AtomicBoolean raised = new AtomicBoolean();
    private final Arena arena = Arena.ofShared();
    private final MemorySegment one = arena.allocate(ValueLayout.JAVA_LONG);
    private final MemorySegment sink = arena.allocate(ValueLayout.JAVA_LONG);
    private final Object life = new Object();
    private boolean closed;

    Waker() throws UplinkException {
        if (descriptor < 0) {
            throw new UplinkException("The host refused an eventfd (errno %d); too many files may be open.".formatted(Posix.errno()));
        }
        one.set(ValueLayout.JAVA_LONG, 0, 1);
    }

    int descriptor() {
        return descriptor;
    }

    void wake() {
        if (raised.compareAndSet(false, true)) {
            synchronized (life) {
                if (!closed) {
                    Posix.write(descriptor, one.address(), 8);
                }
            }
        }
    }

    /** To be called before looking for what the wake announced. */
    void lower() {
        if (raised.get()) {
            Posix.read(descriptor, sink.address(), 8);
            raised.set(false);
        }
    }

    @Override
    public void close() {
        synchronized (life) {
            closed = true;
            Posix.close(descriptor);
            arena.close();
        }
    }
}
