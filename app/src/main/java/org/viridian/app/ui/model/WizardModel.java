package org.viridian.app.ui.model;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import javafx.beans.property.BooleanProperty;
import javafx.beans.property.ObjectProperty;
import javafx.beans.property.SimpleBooleanProperty;
import javafx.beans.property.SimpleObjectProperty;
import javafx.beans.property.SimpleStringProperty;
import javafx.beans.property.StringProperty;
import org.viridian.app.definition.DefinitionRules;
import org.viridian.app.definition.FieldProblem;
import org.viridian.app.definition.FieldProblem.Field;
import org.viridian.app.definition.NewVm;
import org.viridian.app.machine.MachineConfig.Engine;
import org.viridian.app.machine.NetworkConfig;
import org.viridian.app.text.Text;

/** What the wizard collects, page by page; every page has a working default. Thread rule: the windows' thread. */
public final class WizardModel {
    /** The pages, in Hyper-V's order where it has them. */
    public enum Page { NAME, SOURCE, MEMORY, PROCESSORS, NETWORK, DISK, SUMMARY }

    /** What it boots. */
    public enum SourceChoice { DEBIAN, KERNEL }

    /** Where its network cable goes. */
    public enum NetworkChoice { NAT, SWITCH, NONE }

    /** Its first hard disk. */
    public enum DiskChoice { NEW, EXISTING, NONE }

    private final Predicate<String> taken;
    private final ObjectProperty<Page> page = new SimpleObjectProperty<>(Page.NAME);

    public final StringProperty name = new SimpleStringProperty();
    public final ObjectProperty<SourceChoice> source = new SimpleObjectProperty<>(SourceChoice.DEBIAN);
    public final ObjectProperty<NewVm.Flavour> flavour = new SimpleObjectProperty<>(NewVm.Flavour.CLOUD);
    public final StringProperty kernel = new SimpleStringProperty("");
    public final StringProperty initrd = new SimpleStringProperty("");
    public final StringProperty commandLine = new SimpleStringProperty("console=tty0 console=ttyS0");
    public final StringProperty memory = new SimpleStringProperty("512");
    public final StringProperty processors = new SimpleStringProperty("1");
    public final ObjectProperty<Engine> engine = new SimpleObjectProperty<>(Engine.AUTO);
    public final ObjectProperty<NetworkChoice> network = new SimpleObjectProperty<>(NetworkChoice.NAT);
    public final StringProperty switchName = new SimpleStringProperty("lan");
    public final ObjectProperty<DiskChoice> disk = new SimpleObjectProperty<>(DiskChoice.NEW);
    public final StringProperty diskSizeMiB = new SimpleStringProperty("1024");
    public final StringProperty diskFile = new SimpleStringProperty("");
    public final BooleanProperty diskReadOnly = new SimpleBooleanProperty();
    public final BooleanProperty startAfter = new SimpleBooleanProperty(true);

    /**
     * @param proposal the name it starts with
     * @param taken whether a VM of a name exists
     */
    public WizardModel(String proposal, Predicate<String> taken) {
        this.taken = taken;
        name.set(proposal);
    }

    /** The page that is shown. */
    public ObjectProperty<Page> pageProperty() {
        return page;
    }

    /** Goes to the next page when this one is right; false when it is not or is the last. */
    public boolean next() {
        int next = page.get().ordinal() + 1;
        if (next == Page.values().length || !problems(page.get()).isEmpty()) {
            return false;
        }
        page.set(Page.values()[next]);
        return true;
    }

    /** Goes back; loses nothing. */
    public void back() {
        page.set(Page.values()[Math.max(0, page.get().ordinal() - 1)]);
    }

    /** Whether a page may be jumped to: all before it are right. */
    public boolean reachable(Page target) {
        for (Page before : Page.values()) {
            if (before == target) {
                return true;
            }
            if (!problems(before).isEmpty()) {
                return false;
            }
        }
        return true;
    }

    /** What is wrong on a page, each with its field. */
    public List<FieldProblem> problems(Page of) {
        List<FieldProblem> found = new ArrayList<>();
        switch (of) {
            case NAME -> {
                DefinitionRules.name(name.get()).ifPresent(found::add);
                if (found.isEmpty() && taken.test(name.get())) {
                    found.add(new FieldProblem(Field.NAME, Text.of("vm.exists", name.get(), "")));
                }
            }
            case SOURCE -> {
                if (source.get() == SourceChoice.KERNEL) {
                    DefinitionRules.readable(Field.KERNEL, path(kernel)).ifPresent(found::add);
                    if (!initrd.get().isBlank()) {
                        DefinitionRules.readable(Field.INITRD, path(initrd)).ifPresent(found::add);
                    }
                    DefinitionRules.commandLine(commandLine.get()).ifPresent(found::add);
                }
            }
            case MEMORY -> DefinitionRules.memory(number(memory)).ifPresent(found::add);
            case PROCESSORS -> DefinitionRules.processors(number(processors)).ifPresent(found::add);
            case DISK -> {
                switch (disk.get()) {
                    case NEW -> DefinitionRules.blankDisk(number(diskSizeMiB)).ifPresent(found::add);
                    case EXISTING -> DefinitionRules.disk(path(diskFile), diskReadOnly.get()).ifPresent(found::add);
                    case NONE -> { }
                }
            }
            case NETWORK -> {
                if (connection() == null) {
                    found.add(new FieldProblem(Field.NETWORK, Text.of("field.network.switch", switchName.get())));
                }
            }
            case SUMMARY -> {
                for (Page before : Page.values()) {
                    if (before != Page.SUMMARY) {
                        found.addAll(problems(before));
                    }
                }
            }
        }
        return found;
    }

    /** The VM to be made. */
    public NewVm newVm() {
        NewVm.Source boots = switch (source.get()) {
            case DEBIAN -> new NewVm.Source.Debian(flavour.get());
            case KERNEL -> new NewVm.Source.Kernel(path(kernel),
                    initrd.get().isBlank() ? Optional.empty() : Optional.of(path(initrd)), commandLine.get().strip());
        };
        NewVm.NewDisk firstDisk = switch (disk.get()) {
            case NEW -> new NewVm.NewDisk.Blank(number(diskSizeMiB));
            case EXISTING -> new NewVm.NewDisk.Existing(path(diskFile), diskReadOnly.get());
            case NONE -> new NewVm.NewDisk.None();
        };
        return new NewVm(name.get(), number(memory), number(processors), engine.get(), boots, firstDisk,
                Optional.empty(), true, new NetworkConfig(connection(), Optional.empty(), List.of()));
    }

    /** What the network page says; null when the switch's name is wrong. */
    private NetworkConfig.Connection connection() {
        return switch (network.get()) {
            case NAT -> new NetworkConfig.Connection.Nat();
            case NONE -> new NetworkConfig.Connection.None();
            case SWITCH -> {
                try {
                    yield NetworkConfig.Connection.parse("switch:" + switchName.get().strip());
                } catch (IllegalArgumentException wrong) {
                    yield null;
                }
            }
        };
    }

    private static Path path(StringProperty text) {
        try {
            return Path.of(text.get().strip());
        } catch (java.nio.file.InvalidPathException e) {
            return Path.of("");
        }
    }

    /** The number of a field; -1, which is out of every range, when it is none. */
    private static int number(StringProperty text) {
        try {
            return Integer.parseInt(text.get().strip());
        } catch (NumberFormatException e) {
            return -1;
        }
    }
}
