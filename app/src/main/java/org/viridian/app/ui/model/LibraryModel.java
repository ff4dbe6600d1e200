package org.viridian.app.ui.model;

import java.nio.file.Path;
import java.util.ArrayList;
import org.viridian.app.definition.DefinitionRules;
import org.viridian.app.definition.FieldProblem;
import org.viridian.app.definition.VmView;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;
import org.viridian.app.definition.NewVm;
import org.viridian.app.definition.VmDefinition;
import org.viridian.app.library.Library;
import org.viridian.app.library.LibraryListener;
import org.viridian.app.library.VmSession;
import org.viridian.app.library.VmState;
import org.viridian.app.library.VmSummary;
import org.viridian.app.machine.MachineConfig.SerialTarget;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Progress;
import org.viridian.app.text.Text;

/**
 * The VMs and what can be done to them, for the windows. The list is brought up to date when the library says so, and
 * once a second while a VM runs.
 *
 * <p>Thread rule: the windows' thread; the work is done on others.
 */
public final class LibraryModel implements AutoCloseable {
    private static final long PERIOD_MILLIS = 1000;

    private final Library library;
    private final Background background;
    private final ObservableList<VmItem> items = FXCollections.observableArrayList();
    private final Map<String, VmItem> byName = new HashMap<>();
    private final LibraryListener listener = name -> refresh();
    private final AtomicBoolean refreshing = new AtomicBoolean();
    private final AtomicBoolean again = new AtomicBoolean();
    private final ScheduledExecutorService ticker = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("library-ticker").factory());
    private Consumer<Text> failures = text -> {};
    private final ObservableList<Job> jobs = FXCollections.observableArrayList();
    private boolean loaded;
    private Runnable onLoaded = () -> {};

    /** Starts to follow a library. */
    public LibraryModel(Library library, Background background) {
        this.library = library;
        this.background = background;
        library.addListener(listener);
        ticker.scheduleWithFixedDelay(() -> background.ui().execute(this::tick), PERIOD_MILLIS, PERIOD_MILLIS,
                TimeUnit.MILLISECONDS);
        refresh();
    }

    /** The library. */
    public Library library() {
        return library;
    }

    /** For other work that must not hold up the windows. */
    public Background background() {
        return background;
    }

    /** The VMs by name. */
    public ObservableList<VmItem> items() {
        return items;
    }

    /** One VM. */
    public Optional<VmItem> item(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /** Whether the list has been read for the first time. */
    public boolean isLoaded() {
        return loaded;
    }

    /** Is run each time the list has been brought up to date. */
    public void onRefreshed(Runnable action) {
        onLoaded = action;
    }

    /** Is told of each action that failed. */
    public void onFailure(Consumer<Text> action) {
        failures = action;
    }

    /** Reads the list again. Any thread. */
    public void refresh() {
        if (!refreshing.compareAndSet(false, true)) {
            again.set(true);
            return;
        }
        background.start("library-list", this::read, list -> {
            update(list);
            refreshed();
        }, failure -> {
            failures.accept(failure.text());
            refreshed();
        });
    }

    private record Filed(VmSummary summary, VmView view) {}

    private List<Filed> read() throws Failure {
        List<Filed> list = new ArrayList<>();
        for (VmSummary summary : library.list()) {
            list.add(new Filed(summary, library.view(summary.name())));
        }
        return list;
    }

    private void refreshed() {
        refreshing.set(false);
        if (again.getAndSet(false)) {
            refresh();
        }
    }

    private void tick() {
        if (items.stream().anyMatch(item -> item.stateProperty().get() == VmState.RUNNING)) {
            refresh();
        }
    }

    private void update(List<Filed> list) {
        List<VmItem> next = list.stream().map(filed -> {
            VmItem item = byName.computeIfAbsent(filed.summary().name(), VmItem::new);
            item.update(filed.summary(), filed.view());
            return item;
        }).toList();
        byName.values().retainAll(next);
        if (!items.equals(next)) {
            items.setAll(next);
        }
        loaded = true;
        onLoaded.run();
    }

    /** The long jobs that go on. */
    public ObservableList<Job> jobs() {
        return jobs;
    }

    /** Tells the user of something that failed. */
    public void fail(Text text) {
        failures.accept(text);
    }

    private interface LongWork {
        void run(Progress progress) throws Failure;
    }

    private void startJob(String name, LongWork work, Runnable done) {
        Job job = new Job();
        jobs.add(job);
        Progress onUi = (step, fraction) -> background.ui().execute(() -> job.at(step, fraction));
        job.runs(background.start(name, () -> work.run(onUi), () -> {
            jobs.remove(job);
            refresh();
            done.run();
        }, failure -> {
            jobs.remove(job);
            refresh();
            failures.accept(failure.text());
        }));
    }

    /** Copies a VM that is off. */
    public void clone(String name, String copy, Runnable done) {
        startJob("clone-" + name, progress -> library.transfers().clone(name, copy, progress), done);
    }

    /** Packs a VM that is off into a file. */
    public void export(String name, Path file, Runnable done) {
        startJob("export-" + name, progress -> library.transfers().export(name, file, progress), done);
    }

    /** Unpacks a file as a VM. */
    public void importFrom(Path file, String name, Runnable done) {
        startJob("import-" + name, progress -> library.transfers().importFrom(file, name, progress), done);
    }

    /** Gives a VM that is off another name. */
    public void rename(String name, String next, Runnable done) {
        background.start("rename-" + name, () -> library.transfers().rename(name, next), () -> {
            refresh();
            done.run();
        }, failure -> failures.accept(failure.text()));
    }

    /** Makes a VM; interrupt the returned thread to give up. */
    public Thread create(NewVm vm, Progress progress, Consumer<VmDefinition> done, Consumer<Failure> failed) {
        Progress onUi = (step, fraction) -> background.ui().execute(() -> progress.at(step, fraction));
        return background.start("create-" + vm.name(), () -> library.create(vm, onUi), definition -> {
            refresh();
            done.accept(definition);
        }, failed);
    }

    /** Starts a VM in this process. */
    public void start(String name, Runnable done) {
        background.start("start-" + name, () -> library.start(name, null, new SerialTarget.None()), session -> {
            refresh();
            done.run();
        }, failure -> failures.accept(failure.text()));
    }

    /** Asks the guest to power off; tells when nothing there listens. */
    public void shutDown(String name) {
        perform("shut-down-" + name, name, session -> {
            if (!session.shutDown()) {
                throw new Failure(Failure.Kind.STATE, Text.of("cli.stop.deaf", name));
            }
        });
    }

    /** Turns off. */
    public void turnOff(String name) {
        perform("turn-off-" + name, name, VmSession::kill);
    }

    /** Lets it stand still, or go on. */
    public void pauseOrResume(String name) {
        boolean paused = item(name).filter(item -> item.stateProperty().get() == VmState.PAUSED).isPresent();
        perform("pause-" + name, name, paused ? VmSession::resume : VmSession::pause);
    }

    /** Presses reset. */
    public void reset(String name) {
        perform("reset-" + name, name, VmSession::reset);
    }

    /** Presses keys together in the guest. */
    public void key(String name, String chord) {
        perform("key-" + name, name, session -> session.key(chord));
    }

    /** Removes a VM that is off. */
    public void delete(String name) {
        background.start("delete-" + name, () -> library.delete(name), this::refresh,
                failure -> failures.accept(failure.text()));
    }

    /** The native-size screenshot of a running VM. */
    public void screenshot(String name, Consumer<byte[]> done) {
        background.start("screenshot-" + name, () -> {
            try (VmSession session = library.session(name)) {
                return session.screenshot();
            }
        }, done, failure -> failures.accept(failure.text()));
    }

    private interface SessionAction {
        void run(VmSession session) throws Failure;
    }

    private void perform(String thread, String name, SessionAction action) {
        background.start(thread, () -> {
            try (VmSession session = library.session(name)) {
                action.run(session);
            }
        }, this::refresh, failure -> {
            failures.accept(failure.text());
            refresh();
        });
    }

    /** What is wrong with a name for a VM that is to be. */
    public Optional<FieldProblem> nameProblem(String name) {
        Optional<FieldProblem> wrong = DefinitionRules.name(name);
        return wrong.isPresent() || !byName.containsKey(name) ? wrong
                : Optional.of(new FieldProblem(FieldProblem.Field.NAME,
                        Text.of("vm.exists", name, library.folders().vms().resolve(name))));
    }

    /** A name that no VM has yet: the proposal itself, or with a number behind it. */
    public String freeName(String proposal) {
        String name = proposal;
        for (int i = 2; byName.containsKey(name); i++) {
            name = proposal + "-" + i;
        }
        return name;
    }

    /** Stops following; the library is left as it is. */
    @Override
    public void close() {
        ticker.shutdownNow();
        library.removeListener(listener);
    }
}
