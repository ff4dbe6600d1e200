package org.viridian.app.ui.model;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;
import org.viridian.app.library.DeviceReport;
import org.viridian.app.library.Endings;
import org.viridian.app.library.Library;
import org.viridian.app.library.VmSession;
import org.viridian.app.library.VmStatus;
import org.viridian.app.machine.Ending;
import org.viridian.app.machine.Machine;
import org.viridian.app.machine.MachineListener;
import org.viridian.app.machine.MachineState;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;
import org.viridian.engine.partition.GuestCrash;

/**
 * The VM whose console and devices are shown: follows one running machine, here or in another process, sampling it four
 * times a second on a thread of its own.
 *
 * <p>Thread rule: the windows' thread.
 */
public final class MachineModel {
    private static final long PERIOD_MILLIS = 250;

    private final Library library;
    private final Background background;
    private final DeviceTreeModel devices = new DeviceTreeModel();
    private final ReadOnlyObjectWrapper<Optional<VmSession>> session = new ReadOnlyObjectWrapper<>(Optional.empty());
    private final ReadOnlyObjectWrapper<MachineState> state = new ReadOnlyObjectWrapper<>(MachineState.OFF);
    private final ReadOnlyObjectWrapper<Optional<Text>> ending = new ReadOnlyObjectWrapper<>(Optional.empty());
    private final ReadOnlyStringWrapper serialText = new ReadOnlyStringWrapper("");
    private Consumer<GuestCrash> onCrash = crash -> {};
    private Consumer<Text> onFailed = text -> {};
    private String name = "";
    private Follower follower;

    /** A model that shows no VM yet. */
    public MachineModel(Library library, Background background) {
        this.library = library;
        this.background = background;
    }

    /** The VM that is shown, or empty. */
    public String name() {
        return name;
    }

    /** Its devices; kept after the machine has ended, to be looked at. */
    public DeviceTreeModel devices() {
        return devices;
    }

    /** The machine that is followed, if the VM runs. */
    public ReadOnlyObjectProperty<Optional<VmSession>> sessionProperty() {
        return session.getReadOnlyProperty();
    }

    /** The state of the machine; OFF when there is none. */
    public ReadOnlyObjectProperty<MachineState> stateProperty() {
        return state.getReadOnlyProperty();
    }

    /** How the last machine of this VM ended, as far as it was followed. */
    public ReadOnlyObjectProperty<Optional<Text>> endingProperty() {
        return ending.getReadOnlyProperty();
    }

    /** What COM1 has sent lately. */
    public ReadOnlyStringProperty serialTextProperty() {
        return serialText.getReadOnlyProperty();
    }

    /** Is told when the guest reports a crash. */
    public void onCrash(Consumer<GuestCrash> action) {
        onCrash = action;
    }

    /** Is told why the machine failed, when it did. */
    public void onFailed(Consumer<Text> action) {
        onFailed = action;
    }

    /** Shows a VM, or none when empty. */
    public void show(String vm) {
        if (!vm.equals(name)) {
            let();
            name = vm;
            devices.clear();
            serialText.set("");
            ending.set(Optional.empty());
        }
        attach();
    }

    /** Looks whether the VM runs, when it is not known to: after a start, or when the library has changed. */
    public void attach() {
        if (name.isEmpty() || follower != null) {
            return;
        }
        String wanted = name;
        Follower attempt = new Follower();
        follower = attempt;
        background.start("attach-" + wanted, () -> library.runningSession(wanted), found -> {
            if (follower != attempt) {
                found.ifPresent(VmSession::close);
            } else if (found.isEmpty()) {
                follower = null;
            } else {
                attempt.follow(found.get());
            }
        }, failure -> {
            if (follower == attempt) {
                follower = null;
            }
        });
    }

    /** Lets go of the machine; it goes on. */
    public void let() {
        if (follower != null) {
            follower.stop();
            follower = null;
        }
        session.set(Optional.empty());
        state.set(MachineState.OFF);
    }

    /** The machine that is followed, when it lives in this process. */
    public Optional<Machine> machine() {
        return session.get().flatMap(VmSession::machine);
    }

    /** Types into COM1, when the machine lives in this process. */
    public void typeSerial(byte[] bytes) {
        machine().ifPresent(machine -> machine.serialInput(bytes));
    }

    private record Sample(VmStatus status, List<DeviceReport> devices, String serial, long nanos) {}

    /** Follows one machine to its end, or until it is told to stop. */
    private final class Follower implements MachineListener {
        private VmSession followed;
        private Thread sampler;
        private volatile boolean stopped;

        void follow(VmSession running) {
            followed = running;
            devices.clear();
            serialText.set("");
            ending.set(Optional.empty());
            running.machine().ifPresent(machine -> machine.addListener(this));
            state.set(MachineState.RUNNING);
            session.set(Optional.of(running));
            // Not a virtual thread: those share their carriers with the workers of the guest's devices.
            sampler = Thread.ofPlatform().daemon().name("sample-" + running.name()).start(this::sample);
        }

        void stop() {
            stopped = true;
            if (sampler != null) {
                sampler.interrupt();
            }
            if (followed != null) {
                followed.close();
            }
        }

        private void sample() {
            try {
                while (!stopped) {
                    VmStatus status = followed.status();
                    Optional<Text> end = followed.machine().flatMap(Machine::ending).map(Endings::text);
                    if (status.state() == MachineState.ENDED) {
                        boolean failed = followed.machine().flatMap(Machine::ending)
                                .filter(Ending.Failed.class::isInstance).isPresent();
                        onUi(() -> ended(end.or(() -> status.ending().map(Text::verbatim)), failed));
                        return;
                    }
                    Sample sample = new Sample(status, followed.devices(), followed.serialText(), System.nanoTime());
                    onUi(() -> take(sample));
                    Thread.sleep(PERIOD_MILLIS);
                }
            } catch (Failure e) {
                boolean failed = followed.machine().flatMap(Machine::ending)
                        .filter(Ending.Failed.class::isInstance).isPresent();
                onUi(() -> ended(followed.machine().flatMap(Machine::ending).map(Endings::text), failed));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private void onUi(Runnable action) {
            background.ui().execute(() -> {
                if (!stopped && follower == this) {
                    action.run();
                }
            });
        }

        private void take(Sample sample) {
            state.set(sample.status().state());
            devices.sample(sample.devices(), sample.nanos(), sample.status().uptimeNanos());
            if (!sample.serial().equals(serialText.get())) {
                serialText.set(sample.serial());
            }
        }

        private void ended(Optional<Text> how, boolean failed) {
            let();
            ending.set(how);
            if (failed) {
                how.ifPresent(onFailed);
            }
        }

        @Override
        public void stateChanged(MachineState next) {
            if (next != MachineState.ENDED) {
                onUi(() -> state.set(next));
            }
        }

        @Override
        public void guestCrashed(GuestCrash crash) {
            onUi(() -> onCrash.accept(crash));
        }
    }
}
