package org.viridian.devices.emulated.pci;

/**
 * The display function of a generation 1 Hyper-V machine, 1414:5353 at 00:08.0. Guests without firmware graphics learn
 * from it where the video VSP's frame buffer may lie: {@code hyperv_fb} on a BIOS machine refuses to start without it,
 * and {@code hv_vmbus} reserves its BAR 0 as the frame buffer's range. It decodes nothing by itself; the VGA registers
 * belong to the VGA device.
 */
public final class GenerationOneDisplay extends PciFunction {
    /** Where BAR 0 lies in a machine without firmware. */
    public static final int FRAME_BUFFER = 0xF800_0000;
    /** Bytes of BAR 0. */
    public static final int FRAME_BUFFER_SIZE = 64 << 20;

    /** Vendor id. */
    public static final int VENDOR = 0x1414;
    /** Device id. */
    public static final int DEVICE = 0x5353;
    private static final int COMMAND_IO_AND_MEMORY = 3;

    /** For a machine with firmware: {@code videoBios} is what its expansion ROM holds. */
    public GenerationOneDisplay(byte[] videoBios) {
        this(true);
        romBar(videoBios);
    }

    /** @param firmware true when firmware will place the BAR; false leaves it as firmware would */
    public GenerationOneDisplay(boolean firmware) {
        super(VENDOR, DEVICE, 0, 0x03_0000);
        define(0x04, 2, firmware ? 0 : COMMAND_IO_AND_MEMORY, 0x0007);
        defineBar(0, FRAME_BUFFER_SIZE, false);
        if (!firmware) {
            define(0x10, 4, FRAME_BUFFER, -FRAME_BUFFER_SIZE);
        }
    }

    @Override
    protected void written(int offset, int size) {}
}
