package org.viridian.app.ui.view;

import java.util.Optional;
import java.util.function.Consumer;
import javafx.geometry.Pos;
import javafx.scene.Scene;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ListCell;
import javafx.scene.control.ListView;
import javafx.scene.control.TextField;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import javafx.stage.Modality;
import javafx.stage.Stage;
import javafx.stage.Window;
import org.kordamp.ikonli.material2.Material2AL;
import org.viridian.app.definition.FieldProblem;
import org.viridian.app.definition.NewVm;
import org.viridian.app.machine.MachineConfig.Engine;
import org.viridian.app.ui.Ids;

/** Quick Create: a guest of the gallery, a name, Create. Enter alone makes a VM that boots. */
final class QuickCreateWindow {
    private static final int MEMORY_MIB = 512;
    private static final int DISK_MIB = 1024;

    private final Context context;
    private final Stage stage = new Stage();
    private final ListView<NewVm.Flavour> gallery = new ListView<>();
    private final TextField name = new TextField();
    private final Label problem = new Label();
    private final Button create;
    private final Button cancel;
    private final CreationProgress progress;
    private final Consumer<String> created;
    private final CreationJob job;

    /** @param created is told the name of the VM when it is there */
    QuickCreateWindow(Context context, Window owner, Consumer<String> created) {
        this.context = context;
        this.created = created;
        progress = new CreationProgress(context);
        gallery.setId(Ids.QUICK_GALLERY);
        gallery.getItems().setAll(NewVm.Flavour.values());
        gallery.setCellFactory(view -> new FlavourCell());
        gallery.getSelectionModel().selectFirst();
        gallery.setPrefHeight(150);
        name.setId(Ids.QUICK_NAME);
        name.setText(context.library().freeName("debian-12"));
        problem.setId(Ids.PROBLEM_PREFIX + Ids.QUICK_NAME);
        problem.getStyleClass().add("problem");
        problem.setWrapText(true);
        create = new Button(context.text("quick.create"), Glyphs.action(Material2AL.FLASH_ON));
        create.setId(Ids.QUICK_CREATE_BUTTON);
        create.setDefaultButton(true);
        create.setOnAction(event -> create());
        cancel = new Button(context.text("action.cancel"));
        cancel.setId(Ids.QUICK_CANCEL);
        cancel.setCancelButton(true);
        cancel.setOnAction(event -> cancelled());
        Label nameLabel = new Label(context.text("wizard.name"));
        nameLabel.setLabelFor(name);
        Label intro = new Label(context.text("quick.intro"));
        intro.setWrapText(true);
        Label figures = new Label(context.text("quick.figures", Integer.toString(MEMORY_MIB), Integer.toString(DISK_MIB)));
        figures.getStyleClass().addAll("text-small", "text-muted");
        figures.setWrapText(true);
        for (Label label : new Label[] {intro, figures, problem}) {
            label.setMinHeight(Region.USE_PREF_SIZE);
        }
        Region gap = new Region();
        VBox.setVgrow(gap, Priority.ALWAYS);
        HBox buttons = new HBox(create, cancel);
        buttons.setAlignment(Pos.CENTER_RIGHT);
        buttons.getStyleClass().add("spaced");
        VBox content = new VBox(intro, gallery, nameLabel, name, problem, figures, progress, gap, buttons);
        content.getStyleClass().add("quick-create");
        content.setId(Ids.QUICK_WINDOW);
        Scene scene = new Scene(content, 560, 500);
        Theme.dress(scene);
        stage.setScene(scene);
        stage.setTitle(context.text("quick.title"));
        stage.initOwner(owner);
        stage.initModality(Modality.WINDOW_MODAL);
        job = new CreationJob(context, stage, progress, this::busy);
    }

    void show() {
        stage.show();
        name.requestFocus();
        name.selectAll();
    }

    private void create() {
        Optional<FieldProblem> wrong = context.library().nameProblem(name.getText());
        problem.setText(wrong.map(p -> context.messages().of(p.text())).orElse(""));
        if (wrong.isPresent()) {
            name.requestFocus();
            return;
        }
        NewVm vm = new NewVm(name.getText(), MEMORY_MIB, 1, Engine.AUTO,
                new NewVm.Source.Debian(gallery.getSelectionModel().getSelectedItem()),
                new NewVm.NewDisk.Blank(DISK_MIB), Optional.empty(), true);
        job.start(vm, created);
    }

    private void busy(boolean working) {
        create.setDisable(working);
        name.setDisable(working);
        gallery.setDisable(working);
    }

    private void cancelled() {
        job.cancel();
    }

    private final class FlavourCell extends ListCell<NewVm.Flavour> {
        FlavourCell() {
            setPrefWidth(0);
        }

        @Override
        protected void updateItem(NewVm.Flavour flavour, boolean empty) {
            super.updateItem(flavour, empty);
            if (empty || flavour == null) {
                setGraphic(null);
                return;
            }
            Label title = new Label(context.messages().of("flavour.", flavour));
            title.getStyleClass().add("vm-name");
            Label why = new Label(context.messages().of("flavour.why.", flavour));
            why.getStyleClass().addAll("text-small", "text-muted");
            why.setWrapText(true);
            VBox box = new VBox(title, why);
            setGraphic(box);
        }
    }
}
