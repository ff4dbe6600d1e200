package org.viridian.devices.emulated;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.viridian.devices.emulated.firmware.ShadowMemory;
import org.viridian.devices.emulated.ide.IdeFunction;
import org.viridian.devices.emulated.interrupt.InterruptRouter;
import org.viridian.devices.emulated.interrupt.IoApic;
import org.viridian.devices.emulated.interrupt.PicPair;
import org.viridian.devices.emulated.isa.DebugExit;
import org.viridian.devices.emulated.isa.DmaController;
import org.viridian.devices.emulated.pci.HostBridge;
import org.viridian.devices.emulated.pci.IsaBridge;
import org.viridian.devices.emulated.pci.PciBus;
import org.viridian.devices.emulated.pci.PciHost;
import org.viridian.devices.emulated.pci.PirqRouter;
import org.viridian.devices.emulated.pci.PowerFunction;
import org.viridian.devices.emulated.power.PowerManagement;
import org.viridian.devices.emulated.power.ResetControl;
import org.viridian.devices.emulated.power.Smbus;
import org.viridian.devices.emulated.ps2.I8042;
import org.viridian.devices.emulated.ps2.Ps2Keyboard;
import org.viridian.devices.emulated.ps2.Ps2Mouse;
import org.viridian.devices.emulated.serial.Uart16550;
import org.viridian.devices.emulated.timer.Pit8254;
import org.viridian.devices.emulated.timer.Rtc;
import org.viridian.engine.bus.MmioBus;
import org.viridian.engine.bus.PortBus;
import org.viridian.engine.clock.VmClock;
import org.viridian.engine.device.Device;
import org.viridian.engine.device.DeviceNode;
import org.viridian.engine.firmware.BoardMap;
import org.viridian.engine.interrupt.InterruptFabric;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.partition.Partition;
import org.viridian.engine.partition.PowerControl;

/**
 * The small PC board: 440BX and PIIX4 with interrupt controllers, timers, clock, ACPI, serial ports and keyboard
 * controller. Other devices (a display adapter) are put on it with {@link #add}.
 *
 * <p>Thread rule: built and closed by the VM's owner; {@link #reset}, {@link #save} and {@link #restore} with the
 * processors stopped, they take the device lock; accessors from any thread.
 */
public final class Board implements AutoCloseable {
    private static final int TIMER_IRQ = 0;
    /** Level-triggered without firmware: the SCI and what PCI interrupts reach, as the ACPI tables declare them. */
    private static final int LEVEL_IRQS = BoardMap.PCI_IRQS.stream().mapToInt(irq -> 1 << irq).reduce(1 << BoardMap.SCI, (a, b) -> a | b);
    private static final int SMBUS_OFFSET = 0x100;
    private static final int CMOS_PROCESSORS = 0x5F;

    private final int processors;
    private final ReentrantLock deviceLock;
    private final InterruptRouter router;
    private final PciBus pci;
    private final PowerManagement powerManagement;
    private final Rtc rtc;
    private final IdeFunction ide;
    private final I8042 keyboardController;
    private final List<Uart16550> serial = new ArrayList<>();
    /** In the order of restoring: interrupt controllers last, when every wire has its level. */
    private final List<Device> devices = new ArrayList<>();
    private final List<Device> controllers;

    /** A board on a partition's buses. */
    public Board(Partition partition, BoardConfig config) {
        this(config, partition.ports(), partition.mmio(), partition.memory(), partition.clock(), partition.interrupts(),
                partition, partition.deviceLock());
    }

    /** A board on the given buses; see the other constructor. */
    public Board(BoardConfig config, PortBus ports, MmioBus mmio, GuestMemory memory, VmClock clock, InterruptFabric interrupts,
            PowerControl power, ReentrantLock deviceLock) {
        this.deviceLock = deviceLock;

        PicPair pic = new PicPair(interrupts, deviceLock, clock::nanoTime, config.firmware() ? 0 : LEVEL_IRQS);
        pic.attach(ports);
        IoApic ioApic = new IoApic(interrupts, deviceLock, clock::nanoTime);
        ioApic.attach(mmio);
        controllers = List.of(pic, ioApic);
        router = new InterruptRouter(pic, ioApic, deviceLock);

        Pit8254 pit = add(new Pit8254(clock, router.line(TIMER_IRQ)));
        pit.attach(ports);
        rtc = add(new Rtc(clock, config.wall(), router.line(BoardMap.RTC_IRQ)));
        rtc.attach(ports);
        processors = config.processors();
        rtc.cmos(CMOS_PROCESSORS, processors - 1);
        powerManagement = add(new PowerManagement(clock, router.line(BoardMap.SCI), power, !config.firmware()));
        powerManagement.attach(ports);
        Smbus smbus = add(new Smbus(clock::nanoTime));
        smbus.attach(ports);
        ResetControl resetControl = add(new ResetControl(power, clock::nanoTime));
        resetControl.attach(ports);
        keyboardController = add(new I8042(
                clock, deviceLock, router.line(BoardMap.KEYBOARD_IRQ), router.line(BoardMap.MOUSE_IRQ), power));
        keyboardController.attach(ports);
        add(keyboardController.keyboard());
        add(keyboardController.mouse());
        add(new DmaController(clock::nanoTime)).attach(ports);
        for (int i = 0; i < BoardMap.COM_PORTS.size(); i++) {
            int irq = BoardMap.COM_IRQS.get(i);
            Uart16550 uart = add(new Uart16550(i, BoardMap.COM_PORTS.get(i), irq, router.line(irq), clock, deviceLock));
            uart.attach(ports);
            serial.add(uart);
        }
        if (config.debugExitPort() >= 0) {
            add(new DebugExit(config.debugExitPort(), power, clock::nanoTime)).attach(ports);
        }

        PirqRouter pirqs = new PirqRouter(router, deviceLock);
        PciHost host = new PciHost(ports, mmio, memory, pirqs);
        pci = add(new PciBus(resetControl, host, clock::nanoTime));
        pci.attach(ports);
        ShadowMemory shadow = config.rom().map(image -> add(new ShadowMemory(memory, mmio, image, clock::nanoTime))).orElse(null);
        pci.add(0, 0, new HostBridge(shadow));
        pci.add(7, 0, new IsaBridge(pirqs, config.firmware()));
        ide = new IdeFunction(config.firmware(), host, router, deviceLock, clock::nanoTime);
        ide.attach(ports);
        ide.channels().forEach(this::add);
        pci.add(7, 1, ide);
        int pmBase = config.firmware() ? 0 : config.pmBase();
        PowerFunction powerFunction = new PowerFunction(
                pmBase, pmBase == 0 ? 0 : pmBase + SMBUS_OFFSET, powerManagement::moveTo, smbus::moveTo);
        pci.add(7, 3, powerFunction);
        powerFunction.apply();
    }

    /** Puts a device on the board: it is reset, saved, restored and closed with it. While the VM is being built. */
    public <T extends Device> T add(T device) {
        devices.add(device);
        return device;
    }

    /** The interrupt wiring, for devices that are added. */
    public InterruptRouter interrupts() {
        return router;
    }

    /** PCI bus 0, for devices that are added. */
    public PciBus pci() {
        return pci;
    }

    /** The IDE function, for drives; a plugged drive is also to be put on the board with {@link #add}. */
    public IdeFunction ide() {
        return ide;
    }

    /** COM1 and COM2. */
    public List<Uart16550> serialPorts() {
        return List.copyOf(serial);
    }

    /** The PS/2 keyboard. */
    public Ps2Keyboard keyboard() {
        return keyboardController.keyboard();
    }

    /** The PS/2 mouse. */
    public Ps2Mouse mouse() {
        return keyboardController.mouse();
    }

    /** The clock, for CMOS bytes that firmware reads. */
    public Rtc rtc() {
        return rtc;
    }

    /** Presses the power button: a guest with ACPI shuts itself down. Any thread. */
    public void pressPowerButton() {
        deviceLock.lock();
        try {
            powerManagement.pressPowerButton();
        } finally {
            deviceLock.unlock();
        }
    }

    /** What the device manager shows of the board, interrupt controllers first. */
    public List<DeviceNode> nodes() {
        List<DeviceNode> nodes = new ArrayList<>();
        controllers.forEach(device -> nodes.add(device.node()));
        devices.forEach(device -> nodes.add(device.node()));
        return nodes;
    }

    /** Returns every device to its state at power-on. */
    public void reset() {
        deviceLock.lock();
        try {
            devices.forEach(Device::reset);
            // CMOS keeps what the guest wrote, but firmware waits for as many processors as this says.
            rtc.cmos(CMOS_PROCESSORS, processors - 1);
            router.reset();
            controllers.forEach(Device::reset);
        } finally {
            deviceLock.unlock();
        }
    }

    /** The volatile state of every device, by the id of its node. */
    public Map<String, Record> save() {
        deviceLock.lock();
        try {
            Map<String, Record> states = new LinkedHashMap<>();
            devices.forEach(device -> states.put(device.node().id(), device.save()));
            controllers.forEach(device -> states.put(device.node().id(), device.save()));
            return states;
        } finally {
            deviceLock.unlock();
        }
    }

    /** Takes back what {@link #save} returned; throws {@link IllegalArgumentException} when a device's state is missing or wrong. */
    public void restore(Map<String, Record> states) {
        deviceLock.lock();
        try {
            // Devices drive their wires as they come back; the controllers' own memory of those wires follows after.
            router.quiet(true);
            devices.forEach(device -> device.restore(states.get(device.node().id())));
            router.quiet(false);
            controllers.forEach(device -> device.restore(states.get(device.node().id())));
        } finally {
            router.quiet(false);
            deviceLock.unlock();
        }
    }

    @Override
    public void close() {
        devices.forEach(Device::close);
        controllers.forEach(Device::close);
    }
}
