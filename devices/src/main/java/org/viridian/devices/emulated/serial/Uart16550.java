package org.viridian.devices.emulated.serial;

import java.util.concurrent.locks.ReentrantLock;
import org.viridian.devices.emulated.BytePortDevice;
import org.viridian.engine.bus.PortBus;
import org.viridian.engine.clock.VmClock;
import org.viridian.engine.device.Counter;
import org.viridian.engine.interrupt.InterruptLine;

/**
 * A 16550A serial port (National Semiconductor PC16550D). The line is infinitely fast: a byte written has left at once,
 * and received bytes enter the FIFO whenever there is room.
 *
 * <p>Thread rule: under the device lock; the wake-up it gives to an {@link InputSource} takes the lock itself.
 */
public final class Uart16550 extends BytePortDevice {
    private static final int FIFO = 16;

    private static final int IER_RX = 0x01;
    private static final int IER_TX = 0x02;
    private static final int IER_LINE = 0x04;
    private static final int IER_MODEM = 0x08;

    private static final int IIR_NONE = 0x01;
    private static final int IIR_TX = 0x02;
    private static final int IIR_RX = 0x04;
    private static final int IIR_LINE = 0x06;
    private static final int IIR_TIMEOUT = 0x0C;
    private static final int IIR_MODEM = 0x00;
    private static final int IIR_FIFO = 0xC0;

    private static final int LCR_DLAB = 0x80;
    private static final int MCR_LOOP = 0x10;
    private static final int MCR_WRITABLE = 0x1F;

    private static final int LSR_DATA = 0x01;
    private static final int LSR_OVERRUN = 0x02;
    private static final int LSR_BREAK = 0x10;
    private static final int LSR_ERRORS = 0x1E;
    private static final int LSR_EMPTY = 0x60;

    /** CTS, DSR and DCD: a peer is there. */
    private static final int MSR_CONNECTED = 0xB0;

    private static final int[] TRIGGER = {1, 4, 8, 14};

    /** Volatile state. */
    public record State(int divisor, int ier, int fcr, int lcr, int mcr, int scratch, int lineErrors, int modemDelta,
            boolean txPending, boolean timeout, byte[] received) {}

    // Static.
    private final int base;
    private final int irq;

    // Glue.
    private final InterruptLine line;
    private final ReentrantLock deviceLock;
    private volatile OutputSink sink = OutputSink.NONE;
    private volatile InputSource source = InputSource.NONE;
    private final Counter sent = node().counter("bytes-written");
    private final Counter receivedBytes = node().counter("bytes-read");
    private final Counter dropped = node().counter("bytes-dropped");
    private final Counter interrupts = node().counter("interrupts");

    // Volatile.
    private int divisor;
    private int ier;
    private int fcr;
    private int lcr;
    private int mcr;
    private int scratch;
    private int lineErrors;
    private int modemDelta;
    private boolean txPending;
    private final byte[] fifo = new byte[FIFO];
    private int head;
    private int count;
    /** Bytes have lain below the trigger level; with an instant line the character time-out follows at once. */
    private boolean timeout;

    /**
     * @param index 0 for COM1
     * @param base first of its eight ports
     * @param irq for the device manager
     * @param line the interrupt wire
     * @param clock the VM's time, for events
     * @param deviceLock the VM's device lock
     */
    public Uart16550(int index, int base, int irq, InterruptLine line, VmClock clock, ReentrantLock deviceLock) {
        super("com" + (index + 1), "16550A serial port COM" + (index + 1), "port", clock::nanoTime);
        this.base = base;
        this.irq = irq;
        this.line = line;
        this.deviceLock = deviceLock;
        node().resource("ports", () -> "%04x-%04x".formatted(this.base, this.base + 7));
        node().resource("irq", () -> Integer.toString(this.irq));
        clear();
    }

    /** Registers the ports. */
    public void attach(PortBus ports) {
        ports.register(base, 8, this);
    }

    /** Plugs in the receiver of what the guest sends. Any thread. */
    public void output(OutputSink next) {
        sink = next;
    }

    /** Plugs in what the guest receives. Any thread. */
    public void input(InputSource next) {
        source = next;
        next.onAvailable(this::inputAvailable);
        inputAvailable();
    }

    private void inputAvailable() {
        deviceLock.lock();
        try {
            fill();
            update();
        } finally {
            deviceLock.unlock();
        }
    }

    /** A break condition on the line, as a terminal sends it for Linux' magic SysRq. Any thread. */
    public void receiveBreak() {
        deviceLock.lock();
        try {
            receive(0);
            lineErrors |= LSR_BREAK;
            update();
        } finally {
            deviceLock.unlock();
        }
    }

    private boolean fifoOn() {
        return (fcr & 1) != 0;
    }

    private boolean loop() {
        return (mcr & MCR_LOOP) != 0;
    }

    /** Takes from the source what there is room for; in loop-back the line is cut. */
    private void fill() {
        int room = fifoOn() ? FIFO : 1;
        while (!loop() && count < room) {
            int value = source.poll();
            if (value < 0) {
                return;
            }
            receivedBytes.increment();
            receive(value);
        }
    }

    private void receive(int value) {
        int room = fifoOn() ? FIFO : 1;
        if (count >= room) {
            lineErrors |= LSR_OVERRUN;
            if (fifoOn()) {
                return;
            }
            count = 0;
        }
        fifo[head + count++ & FIFO - 1] = (byte) value;
        timeout = true;
    }

    private int interruptId() {
        if ((ier & IER_LINE) != 0 && lineErrors != 0) {
            return IIR_LINE;
        }
        if ((ier & IER_RX) != 0 && count > 0) {
            if (!fifoOn() || count >= TRIGGER[fcr >> 6]) {
                return IIR_RX;
            }
            if (timeout) {
                return IIR_TIMEOUT;
            }
        }
        if ((ier & IER_TX) != 0 && txPending) {
            return IIR_TX;
        }
        if ((ier & IER_MODEM) != 0 && modemDelta != 0) {
            return IIR_MODEM;
        }
        return IIR_NONE;
    }

    private void update() {
        line.set(interruptId() != IIR_NONE);
    }

    @Override
    protected int readByte(int port) {
        boolean dlab = (lcr & LCR_DLAB) != 0;
        return switch (port - base) {
            case 0 -> dlab ? divisor & 0xFF : readData();
            case 1 -> dlab ? divisor >> 8 : ier;
            case 2 -> readInterruptId();
            case 3 -> lcr;
            case 4 -> mcr;
            case 5 -> readLineStatus();
            case 6 -> readModemStatus();
            case 7 -> scratch;
            default -> 0xFF;
        };
    }

    private int readData() {
        if (count == 0) {
            return 0;
        }
        int value = fifo[head] & 0xFF;
        head = head + 1 & FIFO - 1;
        count--;
        timeout = count > 0;
        fill();
        update();
        return value;
    }

    private int readInterruptId() {
        int id = interruptId();
        if (id == IIR_TX) {
            txPending = false;
        }
        if (id != IIR_NONE) {
            interrupts.increment();
        }
        update();
        return id | (fifoOn() ? IIR_FIFO : 0);
    }

    private int readLineStatus() {
        int status = LSR_EMPTY | lineErrors | (count > 0 ? LSR_DATA : 0);
        lineErrors = 0;
        update();
        return status;
    }

    private int modemLines() {
        if (!loop()) {
            return MSR_CONNECTED;
        }
        // Loop-back: RTS→CTS, DTR→DSR, OUT1→RI, OUT2→DCD.
        return (mcr & 0x02) << 3 | (mcr & 0x01) << 5 | (mcr & 0x04) << 4 | (mcr & 0x08) << 4;
    }

    private int readModemStatus() {
        int status = modemLines() | modemDelta;
        modemDelta = 0;
        update();
        return status;
    }

    @Override
    protected void writeByte(int port, int value) {
        boolean dlab = (lcr & LCR_DLAB) != 0;
        switch (port - base) {
            case 0 -> {
                if (dlab) {
                    divisor = divisor & 0xFF00 | value;
                } else {
                    send(value);
                }
            }
            case 1 -> {
                if (dlab) {
                    divisor = divisor & 0xFF | value << 8;
                } else {
                    writeInterruptEnable(value & 0x0F);
                }
            }
            case 2 -> writeFifoControl(value);
            case 3 -> lcr = value;
            case 4 -> writeModemControl(value & MCR_WRITABLE);
            case 7 -> scratch = value;
            default -> { }
        }
        update();
    }

    private void send(int value) {
        if (loop()) {
            receive(value);
        } else {
            sent.increment();
            if (!sink.accept(value)) {
                dropped.increment();
            }
        }
        // The holding register is full for no time: THRE falls and rises, and that edge is an interrupt.
        line.set(false);
        txPending = true;
    }

    private void writeInterruptEnable(int value) {
        if ((value & IER_TX) != 0 && (ier & IER_TX) == 0) {
            // Enabling the interrupt while the holding register is empty raises it: drivers start sending this way.
            txPending = true;
        }
        ier = value;
    }

    private void writeFifoControl(int value) {
        boolean toggled = ((value ^ fcr) & 1) != 0;
        if (toggled || (value & 0x02) != 0) {
            count = 0;
            timeout = false;
        }
        if (toggled || (value & 0x04) != 0) {
            txPending = true;
        }
        fcr = (value & 1) == 0 ? 0 : value & 0xC9;
        fill();
    }

    private void writeModemControl(int value) {
        int before = modemLines();
        mcr = value;
        int after = modemLines();
        int changed = (before ^ after) >> 4;
        // TERI reports only the fall of RI.
        int falling = (before & ~after) >> 4;
        modemDelta |= changed & 0x0B | falling & 0x04;
        fill();
    }

    private void clear() {
        divisor = 12;
        ier = fcr = lcr = mcr = scratch = lineErrors = modemDelta = head = count = 0;
        txPending = timeout = false;
    }

    @Override
    public void reset() {
        idleAfterReset();
        clear();
        line.set(false);
        fill();
    }

    @Override
    public Record save() {
        byte[] received = new byte[count];
        for (int i = 0; i < count; i++) {
            received[i] = fifo[head + i & FIFO - 1];
        }
        return new State(divisor, ier, fcr, lcr, mcr, scratch, lineErrors, modemDelta, txPending, timeout, received);
    }

    @Override
    public void restore(Record state) {
        State s = own(State.class, state);
        if (s.received == null || s.received.length > FIFO) {
            throw new IllegalArgumentException("%s state has no FIFO of at most %d bytes".formatted(node().id(), FIFO));
        }
        divisor = s.divisor & 0xFFFF;
        ier = s.ier & 0x0F;
        fcr = s.fcr & 0xC9;
        lcr = s.lcr & 0xFF;
        mcr = s.mcr & MCR_WRITABLE;
        scratch = s.scratch & 0xFF;
        lineErrors = s.lineErrors & LSR_ERRORS;
        modemDelta = s.modemDelta & 0x0F;
        txPending = s.txPending;
        timeout = s.timeout;
        head = 0;
        count = s.received.length;
        System.arraycopy(s.received, 0, fifo, 0, count);
        update();
    }
}
