package org.viridian.app.ui.view;

import javafx.scene.Node;
import javafx.scene.control.Alert;
import javafx.scene.control.ButtonBar;
import javafx.scene.control.ButtonType;
import javafx.stage.Window;
import org.viridian.app.ui.Ids;

/** Questions whose buttons are named by what they do. */
final class Questions {
    private static final double WIDTH = 460;

    private Questions() {}

    /** Asks; runs the action when the user says so. */
    static void ask(Context context, Window owner, String title, String question, String action, Runnable then) {
        Alert alert = new Alert(Alert.AlertType.NONE);
        alert.initOwner(owner);
        alert.setTitle(title);
        alert.setHeaderText(title);
        alert.setContentText(question);
        ButtonType act = new ButtonType(action, ButtonBar.ButtonData.OK_DONE);
        ButtonType cancel = new ButtonType(context.text("action.cancel"), ButtonBar.ButtonData.CANCEL_CLOSE);
        alert.getButtonTypes().setAll(act, cancel);
        alert.getDialogPane().setMinWidth(WIDTH);
        alert.getDialogPane().setPrefWidth(WIDTH);
        Theme.dress(alert.getDialogPane().getScene());
        Node actButton = alert.getDialogPane().lookupButton(act);
        actButton.setId(Ids.CONFIRM);
        actButton.getStyleClass().add("danger");
        alert.getDialogPane().lookupButton(cancel).setId(Ids.CANCEL);
        // Not showAndWait: a nested event loop would hold up whoever called.
        alert.setOnHidden(event -> {
            if (alert.getResult() == act) {
                then.run();
            }
        });
        alert.show();
    }
}
