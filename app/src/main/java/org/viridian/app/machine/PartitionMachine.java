package org.viridian.app.machine;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.viridian.app.text.Text;
import org.viridian.devices.emulated.Board;
import org.viridian.devices.emulated.BoardConfig;
import org.viridian.devices.emulated.ide.AtapiCdrom;
import org.viridian.devices.input.InputRouter;
import org.viridian.devices.input.KeyboardSink;
import org.viridian.devices.input.PointerSink;
import org.viridian.devices.inventory.DeviceTree;
import org.viridian.devices.synthetic.network.NetworkVsp;
import org.viridian.display.surface.Surface;
import org.viridian.display.vga.VgaDevice;
import org.viridian.engine.backend.Backend;
import org.viridian.engine.backend.BackendException;
import org.viridian.engine.device.DeviceKind;
import org.viridian.engine.device.DeviceNode;
import org.viridian.engine.device.DeviceState;
import org.viridian.engine.loader.LoaderException;
import org.viridian.engine.partition.GuestCrash;
import org.viridian.engine.partition.Partition;
import org.viridian.engine.partition.PartitionListener;

/**
 * The machine: a partition with the board, the hypervisor interface, VMBus and its VSPs on it. It only puts together and
 * passes on; what a device does is the device's business.
 */
final class PartitionMachine implements Machine, PartitionListener {
    private static final int DISPLAY_SLOT = 8;

    private final MachineConfig config;
    private final String engine;
    private final StartUp startUp;
    private final Partition partition;
    private final GuestRam ram;
    private final Board board;
    private final VgaDevice vga;
    private final SerialConsole serial;
    private final InputRouter input;
    private final MachineImages images;
    private final NetworkConnection network;
    private final SyntheticDevices synthetic;
    private final DeviceTree tree = new DeviceTree();
    private final DiskBay bay;
    private final List<MachineListener> listeners = new CopyOnWriteArrayList<>();
    private final CountDownLatch end = new CountDownLatch(1);
    private final Object lifecycle = new Object();
    private final LoadMeter load;

    // Guarded by lifecycle for writing.
    private volatile MachineState state = MachineState.OFF;
    private volatile Ending ending;
    private boolean released;

    PartitionMachine(MachineConfig config, Backend backend, StartUp startUp) throws BackendException, MachineException {
        this.config = config;
        this.engine = backend.name();
        this.startUp = startUp;
        List<AutoCloseable> built = new ArrayList<>();
        try {
            partition = new Partition(config.name(), config.processors(), backend);
            built.add(partition);
            ram = new GuestRam(partition.memory(), startUp.ram());
            built.addFirst(ram);
            BoardConfig boardConfig = startUp.board();
            board = new Board(partition, config.debugExitPort().map(boardConfig::withDebugExit).orElse(boardConfig));
            built.add(board);
            board.pci().add(DISPLAY_SLOT, 0, startUp.display());
            vga = board.add(new VgaDevice(partition, startUp.presetText()));
            serial = new SerialConsole(board.serialPorts().getFirst(), config.name(), config.serial1());
            built.add(serial);
            input = new InputRouter(board.keyboard(), board.mouse());
            images = config.integration() || config.firmware().isPresent() ? new MachineImages(config) : null;
            if (images != null) {
                built.addFirst(images);
            }
            network = new NetworkConnection(config);
            built.add(network);
            synthetic = new SyntheticDevices(config, partition, board, vga, input, images, network);
            built.add(synthetic);
            AtapiCdrom cdrom = null;
            if (config.firmware().isPresent()) {
                IdeDrives drives = new IdeDrives(board, partition.clock(), images.disks(), images.disc());
                synthetic.pairDisks(drives.disks());
                cdrom = drives.cdrom();
            }
            bay = new DiskBay(config, images, synthetic.storage(), synthetic.dvdLun(), cdrom, tree);
            startUp.equip(partition, board);
            partition.createProcessors(config.processors(), synthetic.cpuid());
        } catch (BackendException | MachineException | RuntimeException | Error refused) {
            for (AutoCloseable part : built.reversed()) {
                closeQuietly(part);
            }
            throw refused;
        }
        tree.addAll(List.of(processors()));
        tree.addAll(board.nodes());
        tree.addAll(synthetic.nodes());
        load = new LoadMeter(partition);
        partition.addListener(this);
    }

    /** The virtual processors as a device: their exits are the price of everything that is emulated. */
    private DeviceNode processors() {
        DeviceNode node = new DeviceNode("processors", "Virtual processors", DeviceKind.EMULATED, "system",
                DeviceState.ACTIVE, partition.clock()::nanoTime);
        partition.exitCounters().forEach(node::counter);
        node.resource("processors", () -> Integer.toString(config.processors()));
        node.resource("engine", () -> engine);
        return node;
    }

    private static void closeQuietly(AutoCloseable part) {
        try {
            part.close();
        } catch (Exception failure) {
            System.getLogger("org.viridian.app.machine").log(System.Logger.Level.WARNING, "closing " + part, failure);
        }
    }

    @Override
    public MachineConfig config() {
        return config;
    }

    @Override
    public String engine() {
        return engine;
    }

    @Override
    public MachineState state() {
        return state;
    }

    @Override
    public Optional<Ending> ending() {
        return Optional.ofNullable(ending);
    }

    @Override
    public void addListener(MachineListener listener) {
        listeners.add(listener);
    }

    @Override
    public void start() throws MachineException {
        synchronized (lifecycle) {
            if (state != MachineState.OFF) {
                throw new MachineException(MachineException.Kind.STATE,
                        Text.of("machine.started", config.name()), null);
            }
            try {
                startUp.prepare(partition);
            } catch (LoaderException refused) {
                throw Refusals.of(refused);
            }
            enter(MachineState.RUNNING);
            partition.start();
        }
    }

    @Override
    public void pause() {
        synchronized (lifecycle) {
            if (state == MachineState.RUNNING) {
                partition.pause();
                enter(MachineState.PAUSED);
            }
        }
    }

    @Override
    public void resume() {
        synchronized (lifecycle) {
            if (state == MachineState.PAUSED) {
                enter(MachineState.RUNNING);
                partition.resume();
            }
        }
    }

    @Override
    public void reset() {
        if (state == MachineState.RUNNING || state == MachineState.PAUSED) {
            partition.requestReset("reset by the user");
        }
    }

    @Override
    public boolean shutDown() {
        if (state != MachineState.RUNNING) {
            return false;
        }
        if (synthetic.requestShutdown()) {
            return true;
        }
        board.pressPowerButton();
        return true;
    }

    private void enter(MachineState next) {
        state = next;
        listeners.forEach(listener -> listener.stateChanged(next));
    }

    /** The end, whoever caused it: told once, then the parts are let go on another thread. */
    private void end(Ending why) {
        synchronized (lifecycle) {
            if (ending != null) {
                return;
            }
            ending = why;
        }
        enter(MachineState.ENDED);
        Thread.ofPlatform().name("release " + config.name()).start(this::release);
    }

    private void release() {
        synchronized (lifecycle) {
            if (released) {
                return;
            }
            released = true;
        }
        // Device workers first, then the processors, then the memory under both.
        closeQuietly(synthetic);
        closeQuietly(network);
        closeQuietly(partition);
        closeQuietly(board);
        closeQuietly(serial);
        if (images != null) {
            closeQuietly(images);
        }
        closeQuietly(ram);
        end.countDown();
    }

    @Override
    public void close() {
        end(new Ending.TurnedOff());
        try {
            end.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public Ending awaitEnd() throws InterruptedException {
        end.await();
        return ending;
    }

    @Override
    public void reset(String reason) {
        board.reset();
        synthetic.reset();
        try {
            startUp.prepare(partition);
        } catch (LoaderException refused) {
            throw new IllegalStateException(refused.getMessage(), refused);
        }
        listeners.forEach(listener -> listener.guestReset(reason));
    }

    @Override
    public void poweredOff(String reason) {
        end(new Ending.PoweredOff(reason));
    }

    @Override
    public void exited(int status) {
        end(new Ending.DebugExit(status));
    }

    @Override
    public void failed(String reason) {
        end(new Ending.Failed(reason));
    }

    @Override
    public void guestCrashed(GuestCrash crash) {
        listeners.forEach(listener -> listener.guestCrashed(crash));
    }

    @Override
    public Optional<NetworkVsp> networkAdapter() {
        return synthetic.networkAdapter();
    }

    @Override
    public long uptimeNanos() {
        return partition.clock().nanoTime();
    }

    @Override
    public double processorLoad() {
        return load.sample();
    }

    @Override
    public List<DeviceNode> devices() {
        return tree.nodes();
    }

    @Override
    public Surface screen() {
        return synthetic.screenActive() ? synthetic.screen() : vga;
    }

    @Override
    public KeyboardSink keyboard() {
        return input;
    }

    @Override
    public PointerSink pointer() {
        return input;
    }

    @Override
    public String firmwareLog() {
        return startUp.log();
    }

    @Override
    public String serialText() {
        return serial.text();
    }

    @Override
    public List<Drive> drives() {
        return bay.drives();
    }

    @Override
    public int attachDisk(MachineConfig.Disk disk) throws MachineException {
        requireAlive();
        return bay.attach(disk);
    }

    @Override
    public void detachDisk(int lun) throws MachineException {
        requireAlive();
        bay.detach(lun);
    }

    @Override
    public void detachDisk(Path file) throws MachineException {
        requireAlive();
        bay.detach(bay.lunOf(file));
    }

    @Override
    public void changeDisc(Optional<Path> iso, boolean force) throws MachineException {
        requireAlive();
        bay.changeDisc(iso, force);
    }

    private void requireAlive() throws MachineException {
        if (state == MachineState.ENDED) {
            throw new MachineException(MachineException.Kind.STATE, Text.of("vm.off", config.name()), null);
        }
    }

    @Override
    public void serialInput(byte[] bytes) {
        serial.type(bytes);
    }

    @Override
    public Optional<Boolean> heartbeat() {
        return synthetic.heartbeat();
    }
}
