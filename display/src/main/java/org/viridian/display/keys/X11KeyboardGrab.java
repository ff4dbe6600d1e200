package org.viridian.display.keys;

import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.NativeLongByReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * {@code XGrabKeyboard} on a connection of its own (Xlib, chapter 12.2). While it holds, no other client of the server
 * gets keys, JavaFX included, so they are read here.
 *
 * <p>It cannot be stuck: the release chord Ctrl+Alt+Left is recognised on this class's own thread, whatever the windows
 * are doing, and the server ends the grab of a process that dies.
 *
 * <p>Thread rule: {@link #begin}, {@link #end} and {@link #close} from any thread; one thread of its own owns the
 * connection.
 */
public final class X11KeyboardGrab implements KeyboardGrab {
    private static final int KEY_PRESS = 2;
    private static final int KEY_RELEASE = 3;
    private static final int GRAB_MODE_ASYNC = 1;
    private static final int GRAB_SUCCESS = 0;
    private static final int EVENT_BYTES = 192;
    /** Offset of {@code keycode} in {@code XKeyEvent} on 64-bit hosts. */
    private static final int KEYCODE_OFFSET = 84;
    private static final short POLLIN = 1;
    private static final int POLL_MILLIS = 20;
    /** A host that has refused for this long keeps its keys; JavaFX's events go on serving. */
    private static final int MOST_ATTEMPTS = 25;
    /** How often the focus is asked for: a grab hides from JavaFX that another window has got it. */
    private static final long FOCUS_NANOS = 200_000_000L;

    private final Pointer display;
    private final Thread thread;
    private final BitSet down = new BitSet();
    private final byte[] event = new byte[EVENT_BYTES];
    private long grabbedWindow;
    private volatile Receiver wanted;
    private volatile boolean closed;

    private X11KeyboardGrab(Pointer display) {
        this.display = display;
        thread = Thread.ofPlatform().daemon().name("x11-grab").unstarted(this::run);
        thread.start();
    }

    /** Connects to the server of {@code DISPLAY}; empty without one. The first call loads libraries: 0.2 s. */
    public static Optional<KeyboardGrab> open() {
        if (System.getenv("DISPLAY") == null || "Headless".equalsIgnoreCase(System.getProperty("glass.platform"))) {
            return Optional.empty();
        }
        try {
            Pointer display = LibX11.XOpenDisplay(null);
            if (display == null) {
                return Optional.empty();
            }
            // A repeating key is a row of presses, not of presses and releases: the guest must not see it come up.
            LibX11.XkbSetDetectableAutoRepeat(display, 1, new IntByReference());
            return Optional.of(new X11KeyboardGrab(display));
        } catch (UnsatisfiedLinkError | NoClassDefFoundError e) {
            System.getLogger(X11KeyboardGrab.class.getName())
                    .log(System.Logger.Level.INFO, "no libX11: {0}", e.getMessage());
            return Optional.empty();
        }
    }

    @Override
    public void begin(Receiver receiver) {
        wanted = receiver;
        LockSupport.unpark(thread);
    }

    @Override
    public void end() {
        wanted = null;
    }

    @Override
    public void close() {
        closed = true;
        wanted = null;
        LockSupport.unpark(thread);
    }

    private void run() {
        while (!closed) {
            Receiver receiver = wanted;
            if (receiver == null) {
                LockSupport.park(this);
            } else if (grab(receiver)) {
                serve(receiver);
                LibX11.XUngrabKeyboard(display, new NativeLong(0));
                LibX11.XFlush(display);
            }
        }
        LibX11.XCloseDisplay(display);
    }

    private boolean grab(Receiver receiver) {
        for (int attempt = 0; attempt < MOST_ATTEMPTS && wanted == receiver && !closed; attempt++) {
            long window = focus();
            // 0 is None, 1 is PointerRoot: no window has the focus at this moment.
            if (window > 1 && LibX11.XGrabKeyboard(display, new NativeLong(window), 0, GRAB_MODE_ASYNC, GRAB_MODE_ASYNC,
                    new NativeLong(0)) == GRAB_SUCCESS) {
                grabbedWindow = window;
                return true;
            }
            LockSupport.parkNanos(POLL_MILLIS * 1_000_000L);
        }
        if (wanted == receiver) {
            wanted = null;
        }
        return false;
    }

    private long focus() {
        NativeLongByReference window = new NativeLongByReference();
        LibX11.XGetInputFocus(display, window, new IntByReference());
        return window.getValue().longValue();
    }

    private void serve(Receiver receiver) {
        down.clear();
        long looked = System.nanoTime();
        int descriptor = LibX11.XConnectionNumber(display);
        byte[] poll = ByteBuffer.allocate(8).order(ByteOrder.nativeOrder()).putInt(descriptor).putShort(POLLIN).array();
        while (wanted == receiver && !closed) {
            if (System.nanoTime() - looked > FOCUS_NANOS) {
                looked = System.nanoTime();
                if (focus() != grabbedWindow) {
                    wanted = null;
                    receiver.ended();
                    return;
                }
            }
            if (LibX11.XPending(display) == 0) {
                LibC.poll(poll, new NativeLong(1), POLL_MILLIS);
                continue;
            }
            LibX11.XNextEvent(display, event);
            ByteBuffer fields = ByteBuffer.wrap(event).order(ByteOrder.nativeOrder());
            int type = fields.getInt(0);
            if (type != KEY_PRESS && type != KEY_RELEASE) {
                continue;
            }
            int code = fields.getInt(KEYCODE_OFFSET) - EvdevKeys.X_OFFSET;
            if (code < 0) {
                continue;
            }
            down.set(code, type == KEY_PRESS);
            if (type == KEY_PRESS && code == EvdevKeys.LEFT && EvdevKeys.controlAndAlt(down)) {
                wanted = null;
                receiver.ended();
                return;
            }
            receiver.key(code, type == KEY_PRESS);
        }
    }

    /** libX11, directly mapped; loaded when first used. */
    private static final class LibX11 {
        static {
            Native.register(LibX11.class, "X11");
        }

        static native Pointer XOpenDisplay(String name);

        static native int XCloseDisplay(Pointer display);

        static native int XGetInputFocus(Pointer display, NativeLongByReference window, IntByReference revertTo);

        static native int XGrabKeyboard(Pointer display, NativeLong window, int ownerEvents, int pointerMode,
                int keyboardMode, NativeLong time);

        static native int XUngrabKeyboard(Pointer display, NativeLong time);

        static native int XkbSetDetectableAutoRepeat(Pointer display, int detectable, IntByReference supported);

        static native int XConnectionNumber(Pointer display);

        static native int XPending(Pointer display);

        static native int XNextEvent(Pointer display, byte[] event);

        static native int XFlush(Pointer display);
    }

    /** libc's poll. */
    private static final class LibC {
        static {
            Native.register(LibC.class, "c");
        }

        static native int poll(byte[] descriptors, NativeLong count, int timeoutMillis);
    }
}
