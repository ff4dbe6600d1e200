package org.viridian.app.ui.model;

import java.util.Optional;
import javafx.beans.property.ReadOnlyDoubleProperty;
import javafx.beans.property.ReadOnlyDoubleWrapper;
import javafx.beans.property.ReadOnlyIntegerProperty;
import javafx.beans.property.ReadOnlyIntegerWrapper;
import javafx.beans.property.ReadOnlyLongProperty;
import javafx.beans.property.ReadOnlyLongWrapper;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;
import org.viridian.app.definition.VmView;
import org.viridian.app.library.VmState;
import org.viridian.app.library.VmStatus;
import org.viridian.app.library.VmSummary;

/** One VM as the list shows it. Thread rule: the windows' thread. */
public final class VmItem {
    private final String name;
    private final ReadOnlyObjectWrapper<VmState> state = new ReadOnlyObjectWrapper<>(VmState.OFF);
    private final ReadOnlyStringWrapper engine = new ReadOnlyStringWrapper("");
    private final ReadOnlyIntegerWrapper memoryMiB = new ReadOnlyIntegerWrapper();
    private final ReadOnlyIntegerWrapper processors = new ReadOnlyIntegerWrapper();
    private final ReadOnlyDoubleWrapper load = new ReadOnlyDoubleWrapper();
    private final ReadOnlyLongWrapper uptimeNanos = new ReadOnlyLongWrapper();
    private final ReadOnlyObjectWrapper<Optional<Boolean>> heartbeat = new ReadOnlyObjectWrapper<>(Optional.empty());
    private final ReadOnlyStringWrapper damage = new ReadOnlyStringWrapper("");
    private final ReadOnlyObjectWrapper<VmView> view = new ReadOnlyObjectWrapper<>(VmView.NONE);
    private boolean here;

    VmItem(String name) {
        this.name = name;
    }

    void update(VmSummary summary, VmView filed) {
        view.set(filed);
        here = summary.here();
        damage.set(summary.damage().orElse(""));
        summary.definition().ifPresent(definition -> {
            memoryMiB.set(definition.memoryMiB());
            processors.set(definition.processors());
        });
        VmStatus status = summary.status().orElse(null);
        engine.set(status == null ? "" : status.engine());
        load.set(status == null ? 0 : status.processorLoad());
        uptimeNanos.set(status == null ? 0 : status.uptimeNanos());
        heartbeat.set(status == null ? Optional.empty() : status.heartbeat());
        // Last, so that whoever follows the state finds the figures that belong to it.
        state.set(summary.state());
    }

    /** The VM's name. */
    public String name() {
        return name;
    }

    /** Whether its machine lives in this process. */
    public boolean here() {
        return here;
    }

    /** How it is filed. */
    public VmView view() {
        return view.get();
    }

    /** How it is filed. */
    public ReadOnlyObjectProperty<VmView> viewProperty() {
        return view.getReadOnlyProperty();
    }

    /** What it is doing. */
    public ReadOnlyObjectProperty<VmState> stateProperty() {
        return state.getReadOnlyProperty();
    }

    /** The backend that runs it, or empty. */
    public ReadOnlyStringProperty engineProperty() {
        return engine.getReadOnlyProperty();
    }

    /** RAM in MiB. */
    public ReadOnlyIntegerProperty memoryMiBProperty() {
        return memoryMiB.getReadOnlyProperty();
    }

    /** Virtual processors. */
    public ReadOnlyIntegerProperty processorsProperty() {
        return processors.getReadOnlyProperty();
    }

    /** Host processors used, 0–processors. */
    public ReadOnlyDoubleProperty loadProperty() {
        return load.getReadOnlyProperty();
    }

    /** Nanoseconds since power-on. */
    public ReadOnlyLongProperty uptimeNanosProperty() {
        return uptimeNanos.getReadOnlyProperty();
    }

    /** Whether the guest's heartbeat beats. */
    public ReadOnlyObjectProperty<Optional<Boolean>> heartbeatProperty() {
        return heartbeat.getReadOnlyProperty();
    }

    /** Why the definition cannot be read, or empty. */
    public ReadOnlyStringProperty damageProperty() {
        return damage.getReadOnlyProperty();
    }
}
