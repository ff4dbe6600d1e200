package org.viridian.app.ui.view;

import java.util.List;
import java.util.function.Consumer;
import javafx.geometry.Pos;
import javafx.scene.Scene;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ListCell;
import javafx.scene.control.ListView;
import javafx.scene.control.ScrollPane;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyEvent;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import javafx.stage.Modality;
import javafx.stage.Stage;
import javafx.stage.Window;
import org.viridian.app.ui.Ids;
import org.viridian.app.ui.model.WizardModel;
import org.viridian.app.ui.model.WizardModel.Page;

/** The wizard: pages at the left with what each says now, one page at the right, Enter for Next. */
final class WizardWindow {
    private final Context context;
    private final WizardModel model;
    private final WizardPages pages;
    private final Stage stage = new Stage();
    private final ListView<Page> list = new ListView<>();
    private final ScrollPane center = new ScrollPane();
    private final Button back;
    private final Button next;
    private final Button finish;
    private final CreationProgress progress;
    private final Consumer<String> start;
    private final CreationJob job;

    /** @param start starts the VM that was made; called when that was asked for */
    WizardWindow(Context context, Window owner, Consumer<String> created, Consumer<String> start) {
        this.context = context;
        this.start = start;
        model = new WizardModel(context.library().freeName(context.text("wizard.proposal")),
                name -> context.library().item(name).isPresent());
        pages = new WizardPages(context, model, stage);
        progress = new CreationProgress(context);

        list.setId(Ids.WIZARD_PAGES);
        list.getItems().setAll(Page.values());
        list.setCellFactory(view -> new PageCell());
        list.setPrefWidth(230);
        list.setMinWidth(230);
        list.getSelectionModel().selectedItemProperty().addListener((observable, old, chosen) -> {
            if (chosen != null && chosen != model.pageProperty().get()) {
                if (model.reachable(chosen)) {
                    model.pageProperty().set(chosen);
                } else {
                    javafx.application.Platform.runLater(() -> list.getSelectionModel().select(model.pageProperty().get()));
                }
            }
        });

        back = button("wizard.back", Ids.WIZARD_BACK, model::back);
        next = button("wizard.next", Ids.WIZARD_NEXT, this::next);
        finish = button("wizard.finish", Ids.WIZARD_FINISH, () -> finish(created));
        Button cancel = button("action.cancel", Ids.WIZARD_CANCEL, () -> cancelled());
        cancel.setCancelButton(true);
        Region gap = new Region();
        HBox.setHgrow(gap, Priority.ALWAYS);
        HBox buttons = new HBox(back, gap, next, finish, cancel);
        buttons.setAlignment(Pos.CENTER_LEFT);
        buttons.getStyleClass().addAll("spaced", "wizard-buttons");

        center.setFitToWidth(true);
        center.setFitToHeight(true);
        center.setHbarPolicy(ScrollPane.ScrollBarPolicy.NEVER);
        VBox bottom = new VBox(progress, buttons);
        bottom.getStyleClass().add("wizard-bottom");
        BorderPane root = new BorderPane(center);
        root.setLeft(list);
        root.setBottom(bottom);
        root.setId(Ids.WIZARD);
        root.getStyleClass().add("wizard");
        Scene scene = new Scene(root, 780, 560);
        // Enter is Next everywhere but on a button: radio buttons would keep it to themselves.
        scene.addEventFilter(KeyEvent.KEY_PRESSED, event -> {
            if (event.getCode() == KeyCode.ENTER && !(event.getTarget() instanceof Button)) {
                event.consume();
                (model.pageProperty().get() == Page.SUMMARY ? finish : next).fire();
            }
        });
        Theme.dress(scene);
        stage.setScene(scene);
        stage.setTitle(context.text("wizard.title"));
        stage.initOwner(owner);
        stage.initModality(Modality.WINDOW_MODAL);
        job = new CreationJob(context, stage, progress, this::busy);
        model.pageProperty().subscribe(page -> show(page));
    }

    void show() {
        stage.show();
        pages.focusFirst(model.pageProperty().get());
    }

    private void show(Page page) {
        center.setContent(pages.of(page));
        list.getSelectionModel().select(page);
        list.refresh();
        back.setDisable(page == Page.NAME);
        boolean last = page == Page.SUMMARY;
        next.setDisable(last);
        next.setDefaultButton(!last);
        finish.setDefaultButton(last);
        progress.idle();
        if (stage.isShowing()) {
            pages.focusFirst(page);
        }
    }

    private void next() {
        pages.showProblems(model.pageProperty().get());
        model.next();
    }

    private void finish(Consumer<String> created) {
        List<Page> wrong = java.util.Arrays.stream(Page.values()).filter(p -> !model.problems(p).isEmpty()).toList();
        if (!wrong.isEmpty()) {
            model.pageProperty().set(wrong.getFirst());
            pages.showProblems(wrong.getFirst());
            return;
        }
        boolean startIt = model.startAfter.get();
        job.start(model.newVm(), name -> {
            created.accept(name);
            if (startIt) {
                start.accept(name);
            }
        });
    }

    private void busy(boolean working) {
        center.setDisable(working);
        list.setDisable(working);
        finish.setDisable(working);
        back.setDisable(working);
        next.setDisable(working || model.pageProperty().get() == Page.SUMMARY);
    }

    private void cancelled() {
        job.cancel();
    }

    private Button button(String key, String id, Runnable action) {
        Button button = new Button(context.text(key));
        button.setId(id);
        button.setMinWidth(Region.USE_PREF_SIZE);
        button.setOnAction(event -> action.run());
        return button;
    }

    private final class PageCell extends ListCell<Page> {
        PageCell() {
            setPrefWidth(0);
        }

        @Override
        protected void updateItem(Page page, boolean empty) {
            super.updateItem(page, empty);
            if (empty || page == null) {
                setGraphic(null);
                return;
            }
            Label title = new Label(context.messages().of("wizard.page.", page));
            title.getStyleClass().add("vm-name");
            Label value = new Label(pages.valueOf(page));
            value.getStyleClass().addAll("text-small", "text-muted");
            setGraphic(new VBox(title, value));
        }
    }
}
