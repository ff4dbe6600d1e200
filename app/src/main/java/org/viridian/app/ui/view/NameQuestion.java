package org.viridian.app.ui.view;

import java.util.Optional;
import java.util.function.Consumer;
import javafx.geometry.Pos;
import javafx.scene.Scene;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import javafx.stage.Modality;
import javafx.stage.Stage;
import javafx.stage.Window;
import org.viridian.app.definition.FieldProblem;
import org.viridian.app.ui.Ids;

/** Asks for the name of a VM that is to be: a copy, another name, an imported one. */
final class NameQuestion {
    private NameQuestion() {}

    /**
     * Asks.
     *
     * @param title what is about to be done
     * @param action the word on the button that does it
     * @param then is given a name that no VM has
     */
    static void ask(Context context, Window owner, String title, String proposal, String action, Consumer<String> then) {
        Stage stage = new Stage();
        TextField field = new TextField(proposal);
        field.setId(Ids.NAME_FIELD);
        Label label = new Label(context.text("wizard.name"));
        label.setLabelFor(field);
        Label problem = new Label();
        problem.setId(Ids.PROBLEM_PREFIX + Ids.NAME_FIELD);
        problem.getStyleClass().add("problem");
        problem.setWrapText(true);
        problem.setMinHeight(Region.USE_PREF_SIZE);
        Button act = new Button(action);
        act.setId(Ids.CONFIRM);
        act.setDefaultButton(true);
        act.setOnAction(event -> {
            String name = field.getText();
            Optional<FieldProblem> wrong = context.library().nameProblem(name);
            problem.setText(wrong.map(p -> context.messages().of(p.text())).orElse(""));
            if (wrong.isEmpty()) {
                stage.close();
                then.accept(name);
            } else {
                field.requestFocus();
            }
        });
        Button cancel = new Button(context.text("action.cancel"));
        cancel.setId(Ids.CANCEL);
        cancel.setCancelButton(true);
        cancel.setOnAction(event -> stage.close());
        Region gap = new Region();
        VBox.setVgrow(gap, Priority.ALWAYS);
        HBox buttons = new HBox(act, cancel);
        buttons.setAlignment(Pos.CENTER_RIGHT);
        buttons.getStyleClass().add("spaced");
        VBox content = new VBox(label, field, problem, gap, buttons);
        content.getStyleClass().add("dialog-page");
        Scene scene = new Scene(content, 440, 200);
        Theme.dress(scene);
        stage.setScene(scene);
        stage.setTitle(title);
        stage.initOwner(owner);
        stage.initModality(Modality.WINDOW_MODAL);
        stage.show();
        field.requestFocus();
        field.selectAll();
    }
}
