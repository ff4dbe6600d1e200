package org.viridian.devices.emulated.ide;

import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.viridian.devices.emulated.interrupt.InterruptRouter;
import org.viridian.devices.emulated.pci.BarHandler;
import org.viridian.devices.emulated.pci.PciFunction;
import org.viridian.devices.emulated.pci.PciHost;
import org.viridian.engine.bus.PortBus;

/**
 * The PIIX4's IDE function at 00:07.1 (82371AB, chapter 6): two channels at the legacy ports with interrupts 14 and 15,
 * and the bus-master registers behind BAR 4. Timing registers are storage.
 *
 * <p>Thread rule: under the device lock; {@link #plug} while the board is built.
 */
public final class IdeFunction extends PciFunction implements BarHandler {
    private static final int BUS_MASTER_BAR = 4;
    private static final int BUS_MASTER_SIZE = 16;
    private static final int DECODE_ENABLE = 0x8000;
    private static final int FIRST_IRQ = 14;

    private final IdeChannel[] channels = new IdeChannel[2];
    private final BusMaster[] busMasters = new BusMaster[2];

    /**
     * @param firmware true when firmware will enable the channels; false leaves them as firmware would
     * @param host what the function reaches
     * @param router the interrupt wiring
     */
    public IdeFunction(boolean firmware, PciHost host, InterruptRouter router, ReentrantLock deviceLock, LongSupplier clock) {
        super(0x8086, 0x7111, 1, 0x01_0180);
        define(0x04, 2, firmware ? 0 : 1, 0x0005);
        define(0x06, 2, 0x0280, 0);
        defineClearedByOne(0x06, 2, 0x3800);
        define(0x0D, 1, 0, 0xF0);
        ioBar(BUS_MASTER_BAR, BUS_MASTER_SIZE, this);
        define(0x40, 2, firmware ? 0 : DECODE_ENABLE, 0xFFFF);
        define(0x42, 2, firmware ? 0 : DECODE_ENABLE, 0xFFFF);
        define(0x44, 1, 0, 0xFF);
        define(0x48, 1, 0, 0x0F);
        define(0x4A, 2, 0, 0x3333);
        for (int i = 0; i < 2; i++) {
            busMasters[i] = new BusMaster(dma(host));
            channels[i] = new IdeChannel(i, i == 0 ? 0x1F0 : 0x170, i == 0 ? 0x3F6 : 0x376, router.line(FIRST_IRQ + i),
                    busMasters[i], deviceLock, clock);
        }
    }

    /** Registers the legacy ports. */
    public void attach(PortBus ports) {
        for (IdeChannel channel : channels) {
            channel.attach(ports);
        }
    }

    /** The channels, for the board to reset, save and close. */
    public List<IdeChannel> channels() {
        return List.of(channels);
    }

    /** Plugs a drive into channel 0 or 1 as device 0 or 1. */
    public void plug(int channel, int device, AtaDisk drive) {
        channels[channel].plug(device, drive);
    }

    /** Plugs a drive into channel 0 or 1 as device 0 or 1. */
    public void plug(int channel, int device, AtapiCdrom drive) {
        channels[channel].plug(device, drive);
    }

    @Override
    public long readBar(int offset, int size) {
        long value = 0;
        for (int i = 0; i < size && offset + i < BUS_MASTER_SIZE; i++) {
            value |= (long) busMasters[offset + i >> 3].read(offset + i & 7) << 8 * i;
        }
        return value;
    }

    @Override
    public void writeBar(int offset, int size, long value) {
        for (int i = 0; i < size && offset + i < BUS_MASTER_SIZE; i++) {
            int channel = offset + i >> 3;
            if (busMasters[channel].write(offset + i & 7, (int) (value >>> 8 * i) & 0xFF)) {
                channels[channel].masterStarted();
            }
        }
    }

    @Override
    protected void written(int offset, int size) {}
}
