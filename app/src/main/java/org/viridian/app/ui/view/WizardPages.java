package org.viridian.app.ui.view;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import javafx.beans.property.ObjectProperty;
import javafx.beans.property.StringProperty;
import javafx.beans.value.ObservableBooleanValue;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.CheckBox;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.RadioButton;
import javafx.scene.control.TextArea;
import javafx.scene.control.TextField;
import javafx.scene.control.ToggleGroup;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import javafx.stage.Window;
import javafx.util.StringConverter;
import org.kordamp.ikonli.material2.Material2AL;
import org.viridian.app.definition.FieldProblem;
import org.viridian.app.definition.FieldProblem.Field;
import org.viridian.app.definition.NewVm;
import org.viridian.app.machine.MachineConfig.Engine;
import org.viridian.app.ui.Ids;
import org.viridian.app.ui.model.Figures;
import org.viridian.app.ui.model.WizardModel;
import org.viridian.app.ui.model.WizardModel.DiskChoice;
import org.viridian.app.ui.model.WizardModel.NetworkChoice;
import org.viridian.app.ui.model.WizardModel.Page;
import org.viridian.app.ui.model.WizardModel.SourceChoice;

/** The wizard's pages: fields bound to the model, each with the sentence of what is wrong with it beside it. */
final class WizardPages {
    private final Context context;
    private final WizardModel model;
    private final Window window;
    private final Map<Page, VBox> pages = new EnumMap<>(Page.class);
    private final Map<Page, Node> first = new EnumMap<>(Page.class);
    private final Map<Field, Label> problems = new EnumMap<>(Field.class);
    private final TextArea command = new TextArea();
    private final Label summary = new Label();

    WizardPages(Context context, WizardModel model, Window window) {
        this.context = context;
        this.model = model;
        this.window = window;
        name();
        source();
        memory();
        processors();
        network();
        disk();
        summary();
    }

    Node of(Page page) {
        if (page == Page.SUMMARY) {
            showSummary();
        }
        return pages.get(page);
    }

    void focusFirst(Page page) {
        Node node = first.get(page);
        if (node != null) {
            node.requestFocus();
        }
    }

    /** What a page says now, for the list of pages. */
    String valueOf(Page page) {
        return switch (page) {
            case NAME -> model.name.get();
            case SOURCE -> model.source.get() == SourceChoice.DEBIAN
                    ? context.messages().of("flavour.", model.flavour.get()) : context.text("wizard.source.kernel");
            case MEMORY -> model.memory.get() + " MiB";
            case PROCESSORS -> model.processors.get();
            case NETWORK -> switch (model.network.get()) {
                case NAT -> context.text("wizard.network.nat");
                case SWITCH -> context.text("wizard.network.switch.value", model.switchName.get());
                case NONE -> context.text("wizard.network.none");
            };
            case DISK -> switch (model.disk.get()) {
                case NEW -> context.text("wizard.disk.new.value", model.diskSizeMiB.get());
                case EXISTING -> context.text("wizard.disk.existing.value");
                case NONE -> context.text("wizard.disk.none");
            };
            case SUMMARY -> "";
        };
    }

    /** Shows what is wrong on a page, and nothing where all is right. */
    void showProblems(Page page) {
        problems.values().forEach(label -> tell(label, ""));
        List<FieldProblem> found = model.problems(page);
        for (FieldProblem problem : found.reversed()) {
            Label label = problems.get(problem.field());
            if (label != null) {
                tell(label, context.messages().of(problem.text()));
            }
        }
    }

    private static void tell(Label label, String text) {
        label.setText(text);
        label.setManaged(!text.isEmpty());
    }

    private void name() {
        TextField field = field(Ids.WIZARD_NAME, model.name, Page.NAME);
        first.put(Page.NAME, field);
        page(Page.NAME, labelled("wizard.name", field), field, problem(Field.NAME, Ids.WIZARD_NAME));
    }

    private void source() {
        ToggleGroup group = new ToggleGroup();
        RadioButton debian = choice(Ids.WIZARD_SOURCE_DEBIAN, "wizard.source.debian", group, model.source, SourceChoice.DEBIAN);
        RadioButton kernel = choice(Ids.WIZARD_SOURCE_KERNEL, "wizard.source.kernel", group, model.source, SourceChoice.KERNEL);
        RadioButton iso = new RadioButton(context.text("wizard.source.iso"));
        iso.setId(Ids.WIZARD_SOURCE_ISO);
        iso.setDisable(true);
        ComboBox<NewVm.Flavour> flavour = combo(Ids.WIZARD_FLAVOUR, model.flavour, "flavour.", NewVm.Flavour.values());
        HBox flavourRow = new HBox(flavour);
        flavourRow.getStyleClass().add("indented");
        TextField kernelField = field(Ids.WIZARD_KERNEL, model.kernel, Page.SOURCE);
        TextField initrdField = field(Ids.WIZARD_INITRD, model.initrd, Page.SOURCE);
        TextField append = field(Ids.WIZARD_COMMAND_LINE, model.commandLine, Page.SOURCE);
        VBox files = new VBox(labelled("wizard.kernel", kernelField), withBrowse(kernelField, "wizard.kernel"),
                problem(Field.KERNEL, Ids.WIZARD_KERNEL),
                labelled("wizard.initrd", initrdField), withBrowse(initrdField, "wizard.initrd"),
                problem(Field.INITRD, Ids.WIZARD_INITRD),
                labelled("wizard.append", append), append, problem(Field.COMMAND_LINE, Ids.WIZARD_COMMAND_LINE));
        files.getStyleClass().addAll("indented", "fields");
        flavourRow.disableProperty().bind(kernel.selectedProperty());
        showWhen(files, kernel.selectedProperty());
        first.put(Page.SOURCE, debian);
        page(Page.SOURCE, debian, flavourRow, kernel, files, iso, hint("wizard.source.iso.why", "indented"));
    }

    private void memory() {
        TextField field = field(Ids.WIZARD_MEMORY, model.memory, Page.MEMORY);
        field.setMaxWidth(140);
        first.put(Page.MEMORY, field);
        page(Page.MEMORY, labelled("wizard.memory", field), field, problem(Field.MEMORY, Ids.WIZARD_MEMORY),
                hint("wizard.memory.hint"));
    }

    private void processors() {
        TextField field = field(Ids.WIZARD_PROCESSORS, model.processors, Page.PROCESSORS);
        field.setMaxWidth(140);
        ComboBox<Engine> engine = combo(Ids.WIZARD_ENGINE, model.engine, "engine.", Engine.values());
        first.put(Page.PROCESSORS, field);
        page(Page.PROCESSORS, labelled("wizard.processors", field), field,
                problem(Field.PROCESSORS, Ids.WIZARD_PROCESSORS), labelled("wizard.engine", engine), engine,
                hint("wizard.engine.hint"));
    }

    private void network() {
        ToggleGroup group = new ToggleGroup();
        RadioButton nat = choice("wizard-network-nat", "wizard.network.nat", group, model.network, NetworkChoice.NAT);
        RadioButton shared = choice("wizard-network-switch", "wizard.network.switch", group, model.network, NetworkChoice.SWITCH);
        RadioButton none = choice("wizard-network-none", "wizard.network.none", group, model.network, NetworkChoice.NONE);
        TextField name = field("wizard-network-name", model.switchName, Page.NETWORK);
        name.setMaxWidth(240);
        name.setAccessibleText(context.text("wizard.network.switch.name"));
        HBox row = new HBox(name);
        row.getStyleClass().add("indented");
        row.disableProperty().bind(shared.selectedProperty().not());
        first.put(Page.NETWORK, nat);
        page(Page.NETWORK, nat, hint("wizard.network.nat.hint", "indented"), shared, row,
                problem(Field.NETWORK, "wizard-network-name"), none);
    }

    private void disk() {
        ToggleGroup group = new ToggleGroup();
        RadioButton blank = choice(Ids.WIZARD_DISK_NEW, "wizard.disk.new", group, model.disk, DiskChoice.NEW);
        RadioButton existing = choice(Ids.WIZARD_DISK_EXISTING, "wizard.disk.existing", group, model.disk, DiskChoice.EXISTING);
        RadioButton none = choice(Ids.WIZARD_DISK_NONE, "wizard.disk.none", group, model.disk, DiskChoice.NONE);
        TextField size = field(Ids.WIZARD_DISK_SIZE, model.diskSizeMiB, Page.DISK);
        size.setMaxWidth(140);
        Label unit = new Label("MiB");
        HBox sizeRow = new HBox(size, unit);
        sizeRow.setAlignment(Pos.CENTER_LEFT);
        sizeRow.getStyleClass().addAll("spaced", "indented");
        sizeRow.disableProperty().bind(blank.selectedProperty().not());
        TextField file = field(Ids.WIZARD_DISK_FILE, model.diskFile, Page.DISK);
        CheckBox readOnly = new CheckBox(context.text("wizard.disk.readonly"));
        readOnly.selectedProperty().bindBidirectional(model.diskReadOnly);
        VBox fileBox = new VBox(withBrowse(file, "wizard.disk.existing"), readOnly);
        fileBox.getStyleClass().addAll("indented", "fields");
        showWhen(fileBox, existing.selectedProperty());
        first.put(Page.DISK, blank);
        page(Page.DISK, blank, sizeRow, existing, fileBox, none, problem(Field.DISK, Ids.WIZARD_DISK_FILE),
                hint("wizard.disk.hint"));
    }

    private void summary() {
        summary.setWrapText(true);
        summary.setMinHeight(Region.USE_PREF_SIZE);
        command.setId(Ids.WIZARD_COMMAND);
        command.setEditable(false);
        command.setWrapText(true);
        command.setPrefRowCount(3);
        command.getStyleClass().add("terminal");
        CheckBox start = new CheckBox(context.text("wizard.start"));
        start.setId(Ids.WIZARD_START);
        start.selectedProperty().bindBidirectional(model.startAfter);
        first.put(Page.SUMMARY, start);
        page(Page.SUMMARY, summary, start, labelled("wizard.command", command), command);
    }

    private void showSummary() {
        StringBuilder lines = new StringBuilder();
        for (Page page : Page.values()) {
            if (page != Page.SUMMARY) {
                lines.append(context.text("wizard.summary.line", context.messages().of("wizard.page.", page), valueOf(page)))
                        .append('\n');
            }
        }
        summary.setText(lines.toString().strip());
        command.setText(model.problems(Page.SUMMARY).isEmpty() ? model.newVm().command() : "");
    }

    private void page(Page page, Node... nodes) {
        Label title = new Label(context.messages().of("wizard.page.", page));
        title.getStyleClass().add("title-3");
        Label intro = new Label(context.messages().of("wizard.intro.", page));
        intro.setWrapText(true);
        intro.setMinHeight(Region.USE_PREF_SIZE);
        intro.getStyleClass().add("text-muted");
        VBox box = new VBox(title, intro);
        box.getChildren().addAll(nodes);
        box.getStyleClass().addAll("wizard-page", "fields");
        pages.put(page, box);
    }

    private TextField field(String id, StringProperty value, Page page) {
        TextField field = new TextField();
        field.setId(id);
        field.textProperty().bindBidirectional(value);
        // Checked when the field is left, not on each key; a mistake that was shown goes as soon as it is mended.
        field.focusedProperty().addListener((observable, old, focused) -> {
            if (!focused && !field.getText().isBlank()) {
                showProblems(page);
            }
        });
        field.textProperty().addListener(observable -> {
            if (problems.values().stream().anyMatch(Label::isManaged)) {
                showProblems(page);
            }
        });
        return field;
    }

    private Node withBrowse(TextField field, String title) {
        Button browse = new Button(context.text("action.browse"), Glyphs.action(Material2AL.FOLDER_OPEN));
        browse.setMinWidth(Region.USE_PREF_SIZE);
        browse.setOnAction(event -> context.files().open(window, context.text(title))
                .ifPresent(path -> field.setText(path.toString())));
        HBox.setHgrow(field, Priority.ALWAYS);
        HBox row = new HBox(field, browse);
        row.getStyleClass().add("spaced");
        return row;
    }

    private <T> RadioButton choice(String id, String key, ToggleGroup group, ObjectProperty<T> property, T value) {
        RadioButton button = new RadioButton(context.text(key));
        button.setId(id);
        button.setWrapText(true);
        button.setToggleGroup(group);
        button.setSelected(property.get() == value);
        button.selectedProperty().addListener((observable, old, selected) -> {
            if (selected) {
                property.set(value);
                problems.values().forEach(label -> tell(label, ""));
            }
        });
        return button;
    }

    @SafeVarargs
    private <E extends Enum<E>> ComboBox<E> combo(String id, ObjectProperty<E> property, String prefix, E... values) {
        ComboBox<E> box = new ComboBox<>();
        box.setId(id);
        box.getItems().setAll(values);
        box.setConverter(new StringConverter<>() {
            @Override
            public String toString(E value) {
                return value == null ? "" : context.messages().of(prefix, value);
            }

            @Override
            public E fromString(String text) {
                return property.get();
            }
        });
        box.valueProperty().bindBidirectional(property);
        return box;
    }

    private static void showWhen(Node node, ObservableBooleanValue condition) {
        node.visibleProperty().bind(condition);
        node.managedProperty().bind(condition);
    }

    private Label labelled(String key, Node field) {
        Label label = new Label(context.text(key));
        label.setLabelFor(field);
        return label;
    }

    private Label hint(String key, String... styles) {
        Label label = new Label(context.text(key));
        label.setWrapText(true);
        label.setMinHeight(Region.USE_PREF_SIZE);
        label.getStyleClass().addAll("text-small", "text-muted");
        label.getStyleClass().addAll(styles);
        return label;
    }

    private Label problem(Field field, String fieldId) {
        Label label = new Label();
        label.setId(Ids.PROBLEM_PREFIX + fieldId);
        label.setWrapText(true);
        label.setMinHeight(Region.USE_PREF_SIZE);
        label.getStyleClass().add("problem");
        label.setManaged(false);
        problems.put(field, label);
        return label;
    }
}
