package org.viridian.devices.emulated.pci;

import org.viridian.engine.firmware.BoardMap;

/** The PIIX4's PCI-to-ISA bridge at 00:07.0 (82371AB, 290562, chapter 4): PIRQ routing; decode registers as storage. */
public final class IsaBridge extends PciFunction {
    private static final int PIRQ_DISABLED = 0x80;
    private static final int PIRQ_FIRST = 0x60;
    private static final int PIRQ_LAST = 0x63;
    /** PIRQA is what INTA# of slot 1 reaches. */
    private static final int SLOT_OF_PIRQA = 1;

    private final PirqRouter router;

    /**
     * The bridge.
     *
     * @param router the wires it routes
     * @param firmware true when firmware will route the PIRQs; false routes them as the ACPI tables declare
     */
    public IsaBridge(PirqRouter router, boolean firmware) {
        super(0x8086, 0x7110, 2, 0x06_0100);
        define(0x04, 2, 0x0007, 0x0008);
        define(0x06, 2, 0x0280, 0);
        defineClearedByOne(0x06, 2, 0x7800);
        define(0x0E, 1, 0x80, 0);
        define(0x4C, 1, 0x4D, 0xFF);
        define(0x4E, 2, 0x0003, 0xFFFF);
        for (int pirq = PIRQ_FIRST; pirq <= PIRQ_LAST; pirq++) {
            int declared = BoardMap.PCI_IRQS.get((pirq - PIRQ_FIRST + SLOT_OF_PIRQA) % BoardMap.PCI_IRQS.size());
            define(pirq, 1, firmware ? PIRQ_DISABLED : declared, 0x8F);
        }
        define(0x64, 1, 0x10, 0xFF);
        define(0x69, 1, 0x02, 0xFE);
        define(0x6A, 1, 0, 0x80);
        define(0x76, 2, 0x0C0C, 0x8F8F);
        define(0x80, 1, 0, 0x7F);
        define(0x82, 1, 0, 0x0F);
        define(0xB0, 4, 0, -1);
        this.router = router;
        router.routing(this::irqOf);
    }

    /** The ISA interrupt that PIRQA–D (0–3) is routed to, or -1. */
    public int irqOf(int pirq) {
        int route = read(0x60 + (pirq & 3), 1);
        return (route & PIRQ_DISABLED) != 0 ? -1 : route & 15;
    }

    @Override
    protected void written(int offset, int size) {
        if (offset <= PIRQ_LAST && offset + size > PIRQ_FIRST) {
            router.rerouted();
        }
    }

    @Override
    public void reset() {
        super.reset();
        router.rerouted();
    }
}
