package org.viridian.app.library;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.viridian.app.definition.DefinitionRules;
import org.viridian.app.definition.DefinitionStore;
import org.viridian.app.definition.FieldProblem;
import org.viridian.app.definition.Folders;
import org.viridian.app.definition.NewVm;
import org.viridian.app.definition.Reasons;
import org.viridian.app.definition.VmDefinition;
import org.viridian.app.definition.VmView;
import org.viridian.app.machine.MachineConfig.Boot;
import org.viridian.app.machine.MachineConfig.Disk;
import org.viridian.app.machine.MachineConfig.Engine;
import org.viridian.app.machine.MachineConfig.SerialTarget;
import org.viridian.app.machine.MachineException;
import org.viridian.app.machine.MachineState;
import org.viridian.app.machine.NetworkConfig;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Progress;
import org.viridian.app.text.Text;
import org.viridian.devices.network.MacAddress;
import org.viridian.devices.network.SharedSwitch;

/**
 * The VMs of this user. Definitions are files; a running VM is known by its control socket, so VMs of other processes
 * appear here as well and answer to the same verbs.
 *
 * <p>Thread rule: any thread. Methods that throw {@link Failure} do I/O: keep them off the JavaFX thread.
 */
public final class Library implements AutoCloseable {
    private final Folders folders;
    private final DefinitionStore store;
    private final MachineFactory machines;
    private final GuestSource guests;
    private final Map<String, LocalSession> here = new HashMap<>();
    private final List<LibraryListener> listeners = new CopyOnWriteArrayList<>();
    private final LibraryWatch watch;
    private final VmTransfers transfers;
    private final Object views = new Object();

    /**
     * @param folders where everything is
     * @param machines puts machines together
     * @param guests makes gallery guests
     */
    public Library(Folders folders, MachineFactory machines, GuestSource guests) {
        this.folders = folders;
        this.store = new DefinitionStore(folders.vms());
        this.machines = machines;
        this.guests = guests;
        this.transfers = new VmTransfers(store, this::changed);
        this.watch = new LibraryWatch(folders, this::changed);
    }

    /** Where everything is. */
    public Folders folders() {
        return folders;
    }

    /** The definitions. */
    public DefinitionStore store() {
        return store;
    }

    /** Every VM with its state, by name. */
    public List<VmSummary> list() throws Failure {
        List<VmSummary> summaries = new ArrayList<>();
        for (DefinitionStore.Entry entry : store.list()) {
            summaries.add(switch (entry) {
                case DefinitionStore.Entry.Loaded loaded -> summary(loaded.definition());
                case DefinitionStore.Entry.Damaged damaged -> new VmSummary(damaged.name(), VmState.DAMAGED, false,
                        Optional.empty(), Optional.empty(),
                        Optional.of(Text.of("vm.damaged", damaged.file(), damaged.reason()).toString()));
            });
        }
        return summaries;
    }

    /** The definition of a VM. */
    public VmDefinition definition(String name) throws Failure {
        return store.load(name);
    }

    /** Makes a VM with its files; on failure nothing of it is left behind. */
    public VmDefinition create(NewVm vm, Progress progress) throws Failure {
        List<FieldProblem> problems = DefinitionRules.problems(vm);
        if (!problems.isEmpty()) {
            throw new Failure(Failure.Kind.BAD_INPUT, problems.getFirst().text());
        }
        if (store.exists(vm.name())) {
            throw new Failure(Failure.Kind.STATE, Text.of("vm.exists", vm.name(), store.folder(vm.name())));
        }
        // Downloads come first: a folder of a VM that could not be had would only be in the way.
        Optional<GuestSource.BootFiles> debian = vm.source() instanceof NewVm.Source.Debian source
                ? Optional.of(guests.assemble(source.flavour(), progress))
                : Optional.empty();
        Path folder = store.createFolder(vm.name());
        try {
            progress.at(Text.of("create.files", vm.name()), 0.95);
            VmDefinition definition = new VmDefinition(vm.name(), vm.memoryMiB(), vm.processors(), vm.engine(),
                    boot(vm, debian, folder), disks(vm.disk(), folder), absolute(vm.dvd()), vm.integration()).withNetwork(withAddress(vm.network()));
            store.save(definition);
            progress.at(Text.of("create.done", vm.name()), 1);
            changed(vm.name());
            return definition;
        } catch (IOException | Failure | RuntimeException e) {
            discard(folder);
            throw e instanceof Failure failure ? failure
                    : e instanceof IOException io
                    ? new Failure(Failure.Kind.HOST, Text.of("folder.unusable", folder, Reasons.of(io)), io)
                    : new Failure(Failure.Kind.INTERNAL, Text.of("internal", e.toString()), e);
        }
    }

    /** The network with an address that no other VM has: it is chosen once and stays. */
    private static NetworkConfig withAddress(NetworkConfig network) {
        return network.address().isPresent() ? network : new NetworkConfig(network.connection(),
                Optional.of(MacAddress.derived(UUID.randomUUID().toString())), network.forwards());
    }

    /** Replaces the definition of a VM that is off. */
    public void update(VmDefinition vm) throws Failure {
        refuseWhenRunning(vm.name());
        if (!store.exists(vm.name())) {
            throw new Failure(Failure.Kind.NOT_FOUND, Text.of("vm.unknown", vm.name()));
        }
        store.save(vm);
        changed(vm.name());
    }

    /** Replaces the definition of a VM that may be running: a running machine goes on as it is until it ends. */
    public void updateForNextStart(VmDefinition vm) throws Failure {
        if (!store.exists(vm.name())) {
            throw new Failure(Failure.Kind.NOT_FOUND, Text.of("vm.unknown", vm.name()));
        }
        store.save(vm);
        changed(vm.name());
    }

    /** The files that {@link #delete} would remove. */
    public List<Path> deletionPlan(String name) throws Failure {
        if (!store.exists(name)) {
            throw new Failure(Failure.Kind.NOT_FOUND, Text.of("vm.unknown", name));
        }
        return store.filesOf(name);
    }

    /** Removes a VM that is off. */
    public void delete(String name) throws Failure {
        refuseWhenRunning(name);
        store.delete(name);
        changed(name);
    }

    /** Copies, renames, packs and unpacks whole VMs. */
    public VmTransfers transfers() {
        return transfers;
    }

    /** How a VM is filed and looked at. */
    public VmView view(String name) throws Failure {
        return VmView.read(store.folder(name));
    }

    /** Changes how a VM is filed and looked at; also while it runs. */
    public void view(String name, UnaryOperator<VmView> change) throws Failure {
        Path folder = store.folder(name);
        synchronized (views) {
            try {
                change.apply(VmView.read(folder)).write(folder);
            } catch (IOException e) {
                throw new Failure(Failure.Kind.HOST, Text.of("folder.unusable", folder, Reasons.of(e)), e);
            }
        }
        changed(name);
    }

    /**
     * Starts a VM in this process.
     *
     * @param name which
     * @param engine instead of the definition's engine, or null
     * @param serial1 where COM1 goes beside its buffer
     */
    public VmSession start(String name, Engine engine, SerialTarget serial1) throws Failure {
        VmDefinition definition = store.load(name);
        List<FieldProblem> problems = DefinitionRules.problemsAtStart(definition);
        if (!problems.isEmpty()) {
            throw new Failure(Failure.Kind.BAD_INPUT, Text.of("start.problem", name, problems.getFirst().text()));
        }
        meetOtherProcesses();
        LocalSession session;
        synchronized (here) {
            if (here.containsKey(name)) {
                throw new Failure(Failure.Kind.STATE, Text.of("vm.running", name, ProcessHandle.current().pid()));
            }
            session = LocalSession.open(definition.machine(engine, serial1), store.folder(name),
                    sockets().of(name), machines, this::ended);
            here.put(name, session);
        }
        try {
            session.powerOn();
        } catch (Failure e) {
            session.turnOff();
            throw e;
        }
        changed(name);
        return session;
    }

    /** Lets virtual switches of one name be one switch in all of this user's processes. */
    public void meetOtherProcesses() throws Failure {
        SharedSwitch.meetAt(folders.ownRuntime().resolve("switches"));
    }

    /** A hold on a VM that runs, here or in another process; fails when it does not. */
    public VmSession session(String name) throws Failure {
        Optional<VmSession> session = runningSession(name);
        if (session.isPresent()) {
            return session.get();
        }
        if (!store.exists(name)) {
            throw new Failure(Failure.Kind.NOT_FOUND, Text.of("vm.unknown", name));
        }
        throw new Failure(Failure.Kind.STATE, Text.of("vm.off", name));
    }

    /** A hold on a VM that runs, here or in another process; empty when it does not. */
    public Optional<VmSession> runningSession(String name) throws Failure {
        synchronized (here) {
            LocalSession session = here.get(name);
            if (session != null) {
                return Optional.of(session);
            }
        }
        if (DefinitionRules.name(name).isPresent()) {
            return Optional.empty();
        }
        return RemoteSession.connect(name, sockets().of(name)).map(session -> session);
    }

    /** Adds a listener; from then on changes by other processes are noticed within a second or two. */
    public void addListener(LibraryListener listener) {
        listeners.add(listener);
        watch.start();
    }

    /** Removes a listener. */
    public void removeListener(LibraryListener listener) {
        listeners.remove(listener);
    }

    /** Turns off every machine of this process and stops watching. */
    @Override
    public void close() {
        watch.close();
        List<LocalSession> running;
        synchronized (here) {
            running = List.copyOf(here.values());
        }
        running.forEach(LocalSession::turnOff);
    }

    /** A refusal of the machine's maker as a failure of the same kind. */
    public static Failure failure(MachineException e) {
        Failure.Kind kind = switch (e.kind()) {
            case BAD_INPUT -> Failure.Kind.BAD_INPUT;
            case HOST -> Failure.Kind.HOST;
            case STATE -> Failure.Kind.STATE;
        };
        return new Failure(kind, e.text(), e);
    }

    private ControlSockets sockets() throws Failure {
        return new ControlSockets(folders.ownRuntime(), folders.vms());
    }

    private void ended(LocalSession session) {
        synchronized (here) {
            here.remove(session.name(), session);
        }
        changed(session.name());
    }

    private void changed(String name) {
        listeners.forEach(listener -> listener.changed(name));
    }

    private VmSummary summary(VmDefinition definition) throws Failure {
        Optional<VmSession> session = runningSession(definition.name());
        if (session.isPresent()) {
            try (VmSession running = session.get()) {
                VmStatus status = running.status();
                VmState state = switch (status.state()) {
                    case PAUSED -> VmState.PAUSED;
                    case OFF, RUNNING -> VmState.RUNNING;
                    case ENDED -> VmState.OFF;
                };
                return new VmSummary(definition.name(), state, running.machine().isPresent(),
                        Optional.of(definition), status.state() == MachineState.ENDED ? Optional.empty()
                        : Optional.of(status), Optional.empty());
            } catch (Failure e) {
                if (e.kind() != Failure.Kind.STATE) {
                    throw e;
                }
                // It ended between the connection and the question.
            }
        }
        return new VmSummary(definition.name(), VmState.OFF, false, Optional.of(definition), Optional.empty(),
                Optional.empty());
    }

    private void refuseWhenRunning(String name) throws Failure {
        Optional<VmSession> session = runningSession(name);
        if (session.isPresent()) {
            session.get().close();
            throw new Failure(Failure.Kind.STATE, Text.of("vm.busy", name));
        }
    }

    private static Boot boot(NewVm vm, Optional<GuestSource.BootFiles> debian, Path folder) throws IOException {
        return switch (vm.source()) {
            case NewVm.Source.Kernel kernel ->
                new Boot(kernel.kernel().toAbsolutePath(), absolute(kernel.initrd()), kernel.commandLine());
            case NewVm.Source.Debian source -> {
                // Copied, because a cache may be emptied at any time and a VM must survive that.
                GuestSource.BootFiles files = debian.orElseThrow();
                Path kernel = Files.copy(files.kernel(), folder.resolve("vmlinuz"));
                Path initrd = Files.copy(files.initrd(), folder.resolve("initrd.img"));
                yield new Boot(kernel, Optional.of(initrd), files.commandLine());
            }
        };
    }

    private static List<Disk> disks(NewVm.NewDisk disk, Path folder) throws Failure {
        return switch (disk) {
            case NewVm.NewDisk.None none -> List.of();
            case NewVm.NewDisk.Existing existing ->
                List.of(DiskFiles.stated(new Disk(existing.file().toAbsolutePath(), existing.readOnly())));
            case NewVm.NewDisk.Blank blank -> List.of(DiskFiles.create(folder.resolve("disk." + blank.format().word()), blank.format(),
                    (long) blank.sizeMiB() << 20));
        };
    }

    private static Optional<Path> absolute(Optional<Path> path) {
        return path.map(Path::toAbsolutePath);
    }

    private static void discard(Path folder) {
        try (var tree = Files.walk(folder)) {
            for (Path file : tree.sorted().toList().reversed()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            System.getLogger(Library.class.getName()).log(System.Logger.Level.WARNING, "left behind: " + folder, e);
        }
    }
}
