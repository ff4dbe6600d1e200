package org.viridian.devices.input;

import java.util.BitSet;
import java.util.concurrent.locks.ReentrantLock;
import org.viridian.devices.inventory.Bypassable;
import org.viridian.devices.inventory.Handover;
import org.viridian.engine.device.DeviceNode;

/**
 * Sends the host's keys and pointer to the device whose driver listens: the synthetic one when it is ready, else the
 * PS/2 one. Before it changes sides it releases what is held on the old one, so that no key sticks.
 *
 * <p>Thread rule: any thread.
 */
public final class InputRouter implements KeyboardSink, PointerSink, RelativePointerSink {
    private static final int KEY_CODES = ScanCode.E0 | ScanCode.E1 | 0x7F;

    private final ReentrantLock lock = new ReentrantLock();
    private final KeyboardSink emulatedKeyboard;
    private final PointerSink emulatedPointer;

    // Guarded by lock.
    private KeyboardSink syntheticKeyboard;
    private PointerSink syntheticPointer;
    private KeyboardSink keyboard;
    private PointerSink pointer;
    private final BitSet held = new BitSet();
    private int buttons;
    private int x;
    private int y;

    /** A router that knows the PS/2 devices only. */
    public InputRouter(KeyboardSink emulatedKeyboard, PointerSink emulatedPointer) {
        this.emulatedKeyboard = emulatedKeyboard;
        this.emulatedPointer = emulatedPointer;
        this.keyboard = emulatedKeyboard;
        this.pointer = emulatedPointer;
    }

    /** Declares the keyboard VSP twin of the PS/2 keyboard and hands over between them. While the VM is being built. */
    public void pairKeyboard(KeyboardSink synthetic, DeviceNode node, Bypassable emulated) {
        lock.lock();
        try {
            syntheticKeyboard = synthetic;
        } finally {
            lock.unlock();
        }
        Handover.pair(node, emulated, this::releaseKeys);
    }

    /** Declares the synthetic mouse twin of the PS/2 mouse and hands over between them. While the VM is being built. */
    public void pairPointer(PointerSink synthetic, DeviceNode node, Bypassable emulated) {
        lock.lock();
        try {
            syntheticPointer = synthetic;
        } finally {
            lock.unlock();
        }
        Handover.pair(node, emulated, this::releaseButtons);
    }

    @Override
    public void key(int code, boolean down) {
        if ((code & ~KEY_CODES) != 0) {
            throw new IllegalArgumentException("key code 0x%x".formatted(code));
        }
        lock.lock();
        try {
            KeyboardSink target =
                    syntheticKeyboard != null && syntheticKeyboard.ready() ? syntheticKeyboard : emulatedKeyboard;
            if (target != keyboard) {
                releaseKeys();
                keyboard = target;
            }
            // A key pressed before the change of sides was released there; its own release belongs to nobody.
            if (down || held.get(code)) {
                held.set(code, down);
                target.key(code, down);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void pointer(int nextX, int nextY, int nextButtons, int wheel) {
        lock.lock();
        try {
            PointerSink target = absolutePointer() ? syntheticPointer : emulatedPointer;
            if (target != pointer) {
                releaseButtons();
                pointer = target;
            }
            x = nextX;
            y = nextY;
            buttons = nextButtons;
            target.pointer(nextX, nextY, nextButtons, wheel);
        } finally {
            lock.unlock();
        }
    }

    /** Goes to the PS/2 mouse: the synthetic one knows positions only. Without effect while that one is ready. */
    @Override
    public void relative(int dx, int dy, int nextButtons, int wheel) {
        lock.lock();
        try {
            if (!absolutePointer() && emulatedPointer instanceof RelativePointerSink sink) {
                pointer = emulatedPointer;
                buttons = nextButtons;
                sink.relative(dx, dy, nextButtons, wheel);
            }
        } finally {
            lock.unlock();
        }
    }

    /** True when the guest follows positions, so that the console need not capture the pointer. */
    public boolean absolutePointer() {
        lock.lock();
        try {
            return syntheticPointer != null && syntheticPointer.ready();
        } finally {
            lock.unlock();
        }
    }

    /** True when some keyboard driver of the guest listens. */
    @Override
    public boolean ready() {
        lock.lock();
        try {
            return emulatedKeyboard.ready() || syntheticKeyboard != null && syntheticKeyboard.ready();
        } finally {
            lock.unlock();
        }
    }

    /** Releases every key and button that the guest believes held: for a window that loses the focus. */
    public void releaseAll() {
        releaseKeys();
        releaseButtons();
    }

    private void releaseKeys() {
        lock.lock();
        try {
            for (int code = held.nextSetBit(0); code >= 0; code = held.nextSetBit(code + 1)) {
                keyboard.key(code, false);
            }
            held.clear();
        } finally {
            lock.unlock();
        }
    }

    private void releaseButtons() {
        lock.lock();
        try {
            if (buttons != 0) {
                buttons = 0;
                pointer.pointer(x, y, 0, 0);
            }
        } finally {
            lock.unlock();
        }
    }
}
