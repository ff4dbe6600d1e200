package org.viridian.devices.emulated.ps2;

import java.util.concurrent.locks.ReentrantLock;
import org.viridian.devices.emulated.BytePortDevice;
import org.viridian.engine.bus.PortBus;
import org.viridian.engine.clock.VmClock;
import org.viridian.engine.interrupt.InterruptLine;
import org.viridian.engine.partition.PowerControl;

/**
 * The i8042 keyboard controller of a PS/2 (IBM PS/2 Technical Reference, "Keyboard and Auxiliary Device Controller"):
 * one output byte at a time from the controller itself, the keyboard or the mouse, in this order, and translation of
 * the keyboard's set 2 to set 1.
 *
 * <p>Thread rule: under the device lock.
 */
public final class I8042 extends BytePortDevice {
    private static final int DATA = 0x60;
    private static final int COMMAND = 0x64;

    private static final int STATUS_OUTPUT_FULL = 0x01;
    private static final int STATUS_SYSTEM = 0x04;
    private static final int STATUS_COMMAND = 0x08;
    private static final int STATUS_UNLOCKED = 0x10;
    private static final int STATUS_AUX = 0x20;

    private static final int KEYBOARD_INTERRUPT = 0x01;
    private static final int AUX_INTERRUPT = 0x02;
    private static final int KEYBOARD_DISABLED = 0x10;
    private static final int AUX_DISABLED = 0x20;
    private static final int TRANSLATE = 0x40;
    /** As firmware leaves it: keyboard on with interrupt and translation, self-test passed, mouse off. */
    private static final int POWER_ON = KEYBOARD_INTERRUPT | STATUS_SYSTEM | AUX_DISABLED | TRANSLATE;

    private static final int BREAK_PREFIX = 0xF0;
    private static final int AUX_FLAG = 0x100;
    private static final int OUTPUT_PORT_RESET_INACTIVE = 0x01;
    private static final int OUTPUT_PORT_A20 = 0x02;

    /** Volatile state; {@code pending} is the command whose data byte is awaited, or 0. */
    public record State(byte[] ram, int output, boolean full, int[] answers, int pending, boolean afterCommand, boolean broken,
            int outputPort) {}

    // Glue.
    private final InterruptLine irq1;
    private final InterruptLine irq12;
    private final PowerControl power;
    private final Ps2Keyboard keyboard;
    private final Ps2Mouse mouse;

    // Volatile.
    /** Controller RAM; byte 0 is the command byte. */
    private final byte[] ram = new byte[32];
    /** The byte at port 60, with {@link #AUX_FLAG} when it is the mouse's. */
    private int output;
    private boolean full;
    /** The controller's own answers, as {@link #output}. At most two wait: each comes from a guest's write. */
    private final int[] answers = new int[2];
    private int answerCount;
    private int pending;
    private boolean afterCommand;
    /** Translation has taken the break prefix and owes a set 1 break code. */
    private boolean broken;
    private int outputPort;

    /** A controller with a keyboard and a mouse. */
    public I8042(VmClock clock, ReentrantLock deviceLock, InterruptLine irq1, InterruptLine irq12, PowerControl power) {
        super("i8042", "i8042 keyboard controller", "system", clock::nanoTime);
        this.irq1 = irq1;
        this.irq12 = irq12;
        this.power = power;
        this.keyboard = new Ps2Keyboard(clock, deviceLock);
        this.mouse = new Ps2Mouse(clock::nanoTime, deviceLock);
        keyboard.onData(this::pump);
        mouse.onData(this::pump);
        node().resource("ports", () -> "0060, 0064");
        clear();
    }

    /** Registers the ports. */
    public void attach(PortBus ports) {
        ports.register(DATA, 1, this);
        ports.register(COMMAND, 1, this);
    }

    /** The keyboard; a device of its own. */
    public Ps2Keyboard keyboard() {
        return keyboard;
    }

    /** The mouse; a device of its own. */
    public Ps2Mouse mouse() {
        return mouse;
    }

    private int commandByte() {
        return ram[0] & 0xFF;
    }

    private void commandByte(int value) {
        ram[0] = (byte) value;
    }

    /** Fills the output byte when it is free. */
    private void pump() {
        while (!full) {
            if (answerCount > 0) {
                present(answers[0]);
                answers[0] = answers[1];
                answerCount--;
            } else if ((commandByte() & KEYBOARD_DISABLED) == 0 && keyboard.hasData()) {
                translateAndPresent(keyboard.next());
            } else if ((commandByte() & AUX_DISABLED) == 0 && mouse.hasData()) {
                present(mouse.next() | AUX_FLAG);
            } else {
                return;
            }
        }
    }

    private void translateAndPresent(int value) {
        if ((commandByte() & TRANSLATE) == 0) {
            present(value);
        } else if (value == BREAK_PREFIX) {
            broken = true;
        } else {
            present(ScanCodeTables.toSet1(value) | (broken ? 0x80 : 0));
            broken = false;
        }
    }

    private void present(int value) {
        output = value;
        full = true;
        updateInterrupts();
    }

    private void updateInterrupts() {
        boolean aux = (output & AUX_FLAG) != 0;
        irq1.set(full && !aux && (commandByte() & KEYBOARD_INTERRUPT) != 0);
        irq12.set(full && aux && (commandByte() & AUX_INTERRUPT) != 0);
    }

    private void answer(int value) {
        if (answerCount < answers.length) {
            answers[answerCount++] = value;
        }
    }

    @Override
    protected int readByte(int port) {
        if (port == DATA) {
            int value = output & 0xFF;
            if (full) {
                full = false;
                updateInterrupts();
                pump();
            }
            return value;
        }
        if (port == COMMAND) {
            return STATUS_UNLOCKED
                    | (full ? STATUS_OUTPUT_FULL : 0)
                    | (full && (output & AUX_FLAG) != 0 ? STATUS_AUX : 0)
                    | (afterCommand ? STATUS_COMMAND : 0)
                    | commandByte() & STATUS_SYSTEM;
        }
        return 0xFF;
    }

    @Override
    protected void writeByte(int port, int value) {
        if (port == COMMAND) {
            afterCommand = true;
            pending = 0;
            if (value != 0xD4) {
                // A driver that probes or sets up the controller wants answers, not keys typed before it came.
                keyboard.dropBacklog();
            }
            command(value);
        } else if (port == DATA) {
            afterCommand = false;
            int awaited = pending;
            pending = 0;
            data(awaited, value);
        } else {
            return;
        }
        updateInterrupts();
        pump();
    }

    private void command(int value) {
        switch (value) {
            case 0xA7 -> commandByte(commandByte() | AUX_DISABLED);
            case 0xA8 -> commandByte(commandByte() & ~AUX_DISABLED);
            case 0xA9, 0xAB -> answer(0x00);
            case 0xAA -> {
                commandByte(commandByte() | STATUS_SYSTEM);
                answer(0x55);
            }
            case 0xAD -> commandByte(commandByte() | KEYBOARD_DISABLED);
            case 0xAE -> commandByte(commandByte() & ~KEYBOARD_DISABLED);
            case 0xC0 -> answer(0x80);
            case 0xD0 -> answer(outputPort
                    | ((output & AUX_FLAG) == 0 && full ? 0x10 : 0)
                    | ((output & AUX_FLAG) != 0 && full ? 0x20 : 0));
            case 0xD1, 0xD2, 0xD3, 0xD4 -> pending = value;
            case 0xDD -> outputPort &= ~OUTPUT_PORT_A20;
            case 0xDF -> outputPort |= OUTPUT_PORT_A20;
            case 0xE0 -> answer(0x00);
            default -> {
                if (value >= 0x20 && value < 0x40) {
                    answer(ram[value & 0x1F] & 0xFF);
                } else if (value >= 0x60 && value < 0x80) {
                    pending = value;
                } else if (value == 0xFE) {
                    power.requestReset("the guest pulsed the reset line of the keyboard controller");
                }
            }
        }
    }

    private void data(int command, int value) {
        switch (command) {
            case 0 -> {
                // Talking to the keyboard opens its clock.
                commandByte(commandByte() & ~KEYBOARD_DISABLED);
                keyboard.receive(value);
            }
            case 0xD1 -> {
                outputPort = value & 0xCF;
                if ((value & OUTPUT_PORT_RESET_INACTIVE) == 0) {
                    power.requestReset("the guest reset through the keyboard controller's output port");
                }
            }
            case 0xD2 -> answer(value);
            case 0xD3 -> answer(value | AUX_FLAG);
            case 0xD4 -> {
                commandByte(commandByte() & ~AUX_DISABLED);
                mouse.receive(value);
            }
            default -> ram[command & 0x1F] = (byte) value;
        }
    }

    private void clear() {
        java.util.Arrays.fill(ram, (byte) 0);
        commandByte(POWER_ON);
        output = answerCount = pending = 0;
        full = afterCommand = broken = false;
        outputPort = 0xC0 | OUTPUT_PORT_RESET_INACTIVE | OUTPUT_PORT_A20;
    }

    @Override
    public void reset() {
        idleAfterReset();
        clear();
        updateInterrupts();
    }

    @Override
    public Record save() {
        return new State(ram.clone(), output, full, java.util.Arrays.copyOf(answers, answerCount), pending, afterCommand,
                broken, outputPort);
    }

    @Override
    public void restore(Record state) {
        State s = own(State.class, state);
        if (s.ram == null || s.ram.length != ram.length || s.answers == null || s.answers.length > answers.length) {
            throw new IllegalArgumentException("i8042 state of a wrong shape");
        }
        System.arraycopy(s.ram, 0, ram, 0, ram.length);
        output = s.output & 0x1FF;
        full = s.full;
        answerCount = s.answers.length;
        for (int i = 0; i < answerCount; i++) {
            answers[i] = s.answers[i] & 0x1FF;
        }
        pending = s.pending & 0xFF;
        afterCommand = s.afterCommand;
        broken = s.broken;
        outputPort = s.outputPort & 0xFF;
        updateInterrupts();
    }
}
