package org.viridian.devices.emulated.interrupt;

/**
 * One 8259A (Intel 231468, "8259A Programmable Interrupt Controller"): inputs, priority resolver, command words. Knows
 * nothing of its partner; {@link PicPair} wires two of them.
 */
final class Pic8259 {
    // Volatile state.
    private int lines;
    private int irr;
    private int isr;
    private int imr;
    private int elcr;
    private int base;
    /** The input of lowest priority; 7 unless rotated. */
    private int lowest;
    private int step;
    private int icw1;
    private boolean autoEoi;
    private boolean rotateOnAutoEoi;
    private boolean specialMask;
    private boolean specialNested;
    private boolean readIsr;
    private boolean poll;

    Pic8259() {
        reset();
    }

    void reset() {
        lines = irr = isr = elcr = base = step = icw1 = 0;
        imr = 0xFF;
        lowest = 7;
        autoEoi = rotateOnAutoEoi = specialMask = specialNested = readIsr = poll = false;
    }

    /** Drives one input. An edge is remembered until acknowledged; a level is not. */
    void line(int input, boolean asserted) {
        int bit = 1 << input;
        if (asserted) {
            if ((elcr & bit) != 0 || (lines & bit) == 0) {
                irr |= bit;
            }
            lines |= bit;
        } else {
            if ((elcr & bit) != 0) {
                irr &= ~bit;
            }
            lines &= ~bit;
        }
    }

    /** Drives the cascade input: its request goes with the slave's, so that a withdrawn one is not served. */
    void cascade(int input, boolean asserted) {
        line(input, asserted);
        if (!asserted) {
            irr &= ~(1 << input);
        }
    }

    /** The input that asks for service over those in service, or -1. {@code cascade} is the slave's input, or -1. */
    int pending(int cascade) {
        int requests = irr & ~imr;
        if (requests == 0) {
            return -1;
        }
        for (int i = 1; i <= 8; i++) {
            int input = (lowest + i) & 7;
            int bit = 1 << input;
            boolean inService = (isr & bit) != 0;
            // Special fully nested mode lets a higher request of the same slave through.
            boolean nested = specialNested && input == cascade;
            if (!inService || nested) {
                if ((requests & bit) != 0) {
                    return input;
                }
            }
            // In special mask mode an input in service blocks only itself.
            if (inService && !specialMask) {
                return -1;
            }
        }
        return -1;
    }

    /** The INTA cycle for an input that {@link #pending} named. */
    void acknowledge(int input) {
        int bit = 1 << input;
        if ((elcr & bit) == 0) {
            irr &= ~bit;
        }
        if (autoEoi) {
            if (rotateOnAutoEoi) {
                lowest = input;
            }
        } else {
            isr |= bit;
        }
    }

    boolean polled() {
        return poll;
    }

    int vector(int input) {
        return base | input;
    }

    /** Reads port 0 (IRR, ISR) or port 1 (IMR); {@code cascade} as for {@link #pending}. */
    int read(int port, int cascade) {
        if (poll) {
            poll = false;
            int input = pending(cascade);
            if (input < 0) {
                return 7;
            }
            acknowledge(input);
            return 0x80 | input;
        }
        if (port == 1) {
            return imr;
        }
        return readIsr ? isr : irr;
    }

    void write(int port, int value) {
        if (port == 0) {
            if ((value & 0x10) != 0) {
                initialise(value);
            } else if ((value & 0x08) != 0) {
                operationWord3(value);
            } else {
                operationWord2(value);
            }
            return;
        }
        switch (step) {
            case 1 -> {
                base = value & 0xF8;
                step = (icw1 & 0x02) != 0 ? afterIcw3() : 2;
            }
            case 2 -> step = afterIcw3();
            case 3 -> {
                specialNested = (value & 0x10) != 0;
                autoEoi = (value & 0x02) != 0;
                step = 0;
            }
            default -> imr = value;
        }
    }

    private int afterIcw3() {
        return (icw1 & 0x01) != 0 ? 3 : 0;
    }

    private void initialise(int value) {
        icw1 = value;
        // ICW1 clears the edge sense: an input must fall and rise again. Levels are sampled anew.
        irr = lines & elcr;
        isr = 0;
        imr = 0;
        lowest = 7;
        autoEoi = rotateOnAutoEoi = specialMask = specialNested = readIsr = poll = false;
        step = 1;
    }

    private void operationWord2(int value) {
        int level = value & 7;
        switch (value >> 5) {
            case 0 -> rotateOnAutoEoi = false;
            case 1 -> endOfHighest();
            case 3 -> isr &= ~(1 << level);
            case 4 -> rotateOnAutoEoi = true;
            case 5 -> {
                int ended = endOfHighest();
                if (ended >= 0) {
                    lowest = ended;
                }
            }
            case 6 -> lowest = level;
            case 7 -> {
                isr &= ~(1 << level);
                lowest = level;
            }
            default -> { }
        }
    }

    /** Non-specific EOI: ends the interrupt in service of highest priority; those masked under special mask are passed over. */
    private int endOfHighest() {
        for (int i = 1; i <= 8; i++) {
            int input = (lowest + i) & 7;
            int bit = 1 << input;
            if ((isr & bit) != 0 && !(specialMask && (imr & bit) != 0)) {
                isr &= ~bit;
                return input;
            }
        }
        return -1;
    }

    private void operationWord3(int value) {
        if ((value & 0x40) != 0) {
            specialMask = (value & 0x20) != 0;
        }
        if ((value & 0x04) != 0) {
            poll = true;
        }
        if ((value & 0x02) != 0) {
            readIsr = (value & 0x01) != 0;
        }
    }

    int elcr() {
        return elcr;
    }

    void elcr(int value) {
        elcr = value;
        irr = irr & ~value | lines & value;
    }

    PicPair.Chip save() {
        return new PicPair.Chip(lines, irr, isr, imr, elcr, base, lowest, step, icw1, autoEoi, rotateOnAutoEoi, specialMask,
                specialNested, readIsr, poll);
    }

    void restore(PicPair.Chip s) {
        lines = s.lines() & 0xFF;
        irr = s.irr() & 0xFF;
        isr = s.isr() & 0xFF;
        imr = s.imr() & 0xFF;
        elcr = s.elcr() & 0xFF;
        base = s.base() & 0xF8;
        lowest = s.lowest() & 7;
        step = s.step() & 3;
        icw1 = s.icw1() & 0xFF;
        autoEoi = s.autoEoi();
        rotateOnAutoEoi = s.rotateOnAutoEoi();
        specialMask = s.specialMask();
        specialNested = s.specialNested();
        readIsr = s.readIsr();
        poll = s.poll();
    }
}
