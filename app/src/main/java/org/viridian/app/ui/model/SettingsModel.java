package org.viridian.app.ui.model;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javafx.beans.property.BooleanProperty;
import javafx.beans.property.ObjectProperty;
import javafx.beans.property.SimpleBooleanProperty;
import javafx.beans.property.SimpleObjectProperty;
import javafx.beans.property.SimpleStringProperty;
import javafx.beans.property.StringProperty;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;
import org.viridian.app.definition.DefinitionRules;
import org.viridian.app.definition.FieldProblem;
import org.viridian.app.definition.FieldProblem.Field;
import org.viridian.app.definition.VmDefinition;
import org.viridian.app.definition.VmView;
import org.viridian.app.machine.MachineConfig.Boot;
import org.viridian.app.machine.MachineConfig.Disk;
import org.viridian.app.machine.MachineConfig.Engine;
import org.viridian.app.machine.NetworkConfig;
import org.viridian.app.text.Text;

/** The settings of a VM while they are being changed, page by page. Thread rule: the windows' thread. */
public final class SettingsModel {
    /** The pages: hardware first, then management. */
    public enum Page {
        BOOT(true), MEMORY(true), PROCESSORS(true), DISKS(true), DVD(true), NETWORK(true), FILING(false), INTEGRATION(false);

        private final boolean hardware;

        Page(boolean hardware) {
            this.hardware = hardware;
        }

        /** Whether it stands under hardware. */
        public boolean isHardware() {
            return hardware;
        }
    }

    private final VmDefinition before;
    private final VmView viewBefore;

    public final StringProperty kernel = new SimpleStringProperty();
    public final StringProperty initrd = new SimpleStringProperty();
    public final StringProperty commandLine = new SimpleStringProperty();
    public final StringProperty memory = new SimpleStringProperty();
    public final StringProperty processors = new SimpleStringProperty();
    public final ObjectProperty<Engine> engine = new SimpleObjectProperty<>();
    public final ObservableList<Disk> disks = FXCollections.observableArrayList();
    public final StringProperty dvd = new SimpleStringProperty();
    public final StringProperty network = new SimpleStringProperty();
    public final BooleanProperty integration = new SimpleBooleanProperty();
    public final StringProperty group = new SimpleStringProperty();
    public final StringProperty tags = new SimpleStringProperty();

    /** Starts from what is saved. */
    public SettingsModel(VmDefinition definition, VmView view) {
        before = definition;
        viewBefore = view;
        revert();
    }

    /** Back to what is saved. */
    public void revert() {
        kernel.set(before.boot().kernel().toString());
        initrd.set(before.boot().initrd().map(Path::toString).orElse(""));
        commandLine.set(before.boot().commandLine());
        memory.set(Integer.toString(before.memoryMiB()));
        processors.set(Integer.toString(before.processors()));
        engine.set(before.engine());
        disks.setAll(before.disks());
        dvd.set(before.dvd().map(Path::toString).orElse(""));
        network.set(before.network().connection().toString());
        integration.set(before.integration());
        group.set(viewBefore.group());
        tags.set(String.join(", ", viewBefore.tags()));
    }

    /** The VM's name. */
    public String name() {
        return before.name();
    }

    /** The definition as the pages say it now. */
    public VmDefinition definition() {
        VmDefinition hardware = before.with(number(memory), number(processors), engine.get(),
                new Boot(path(kernel), optional(initrd), commandLine.get().strip()), List.copyOf(disks), optional(dvd),
                integration.get());
        return connection().filter(wanted -> !wanted.equals(before.network().connection()))
                .map(wanted -> hardware.withNetwork(new NetworkConfig(wanted, before.network().address(),
                        wanted.translates() ? before.network().forwards() : List.of()))).orElse(hardware);
    }

    /** What the network page says, unless it cannot be read. */
    private Optional<NetworkConfig.Connection> connection() {
        try {
            return Optional.of(NetworkConfig.Connection.parse(network.get().strip()));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** The filing as its page says it now. */
    public VmView view() {
        List<String> words = new ArrayList<>();
        for (String tag : tags.get().split(",")) {
            if (!tag.isBlank() && !words.contains(tag.strip())) {
                words.add(tag.strip());
            }
        }
        return viewBefore.filed(group.get().strip(), words);
    }

    /** Whether a page says something else than what is saved. */
    public boolean isChanged(Page page) {
        VmDefinition now = definition();
        return switch (page) {
            case BOOT -> !now.boot().equals(before.boot());
            case MEMORY -> now.memoryMiB() != before.memoryMiB();
            case PROCESSORS -> now.processors() != before.processors() || now.engine() != before.engine();
            case DISKS -> !now.disks().equals(before.disks());
            case DVD -> !now.dvd().equals(before.dvd());
            case NETWORK -> !network.get().strip().equals(before.network().connection().toString());
            case INTEGRATION -> now.integration() != before.integration();
            case FILING -> !view().equals(viewBefore);
        };
    }

    /** Whether the machine would be another one. */
    public boolean isMachineChanged() {
        return !definition().equals(before);
    }

    /** Whether anything is changed. */
    public boolean isChanged() {
        return isMachineChanged() || isChanged(Page.FILING);
    }

    /** What is wrong on a page, each with its field. */
    public List<FieldProblem> problems(Page page) {
        List<FieldProblem> found = new ArrayList<>();
        switch (page) {
            case BOOT -> {
                DefinitionRules.readable(Field.KERNEL, path(kernel)).ifPresent(found::add);
                optional(initrd).flatMap(file -> DefinitionRules.readable(Field.INITRD, file)).ifPresent(found::add);
                DefinitionRules.commandLine(commandLine.get()).ifPresent(found::add);
            }
            case MEMORY -> DefinitionRules.memory(number(memory)).ifPresent(found::add);
            case PROCESSORS -> DefinitionRules.processors(number(processors)).ifPresent(found::add);
            case DISKS -> disks.forEach(disk -> DefinitionRules.disk(disk.file(), disk.readOnly()).ifPresent(found::add));
            case DVD -> optional(dvd).flatMap(file -> DefinitionRules.readable(Field.DVD, file)).ifPresent(found::add);
            case NETWORK -> {
                if (connection().isEmpty()) {
                    found.add(new FieldProblem(Field.NETWORK, Text.of("settings.network.bad", network.get().strip())));
                }
            }
            case FILING, INTEGRATION -> { }
        }
        return found;
    }

    private static Optional<Path> optional(StringProperty text) {
        return text.get().isBlank() ? Optional.empty() : Optional.of(path(text));
    }

    private static Path path(StringProperty text) {
        try {
            return Path.of(text.get().strip());
        } catch (InvalidPathException e) {
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
