package org.viridian.app.ui.view;

import javafx.geometry.Pos;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.image.Image;
import javafx.scene.image.ImageView;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.kordamp.ikonli.material2.Material2AL;
import org.viridian.app.ui.Ids;
import org.viridian.icons.Icon;

/** What the window shows while there is no VM, or none is chosen: what to do first. */
final class EmptyState extends VBox {
    private static final int ICON = 128;
    private static final double TEXT_WIDTH = 470;

    EmptyState(Context context, Runnable quickCreate, Runnable wizard) {
        setId(Ids.EMPTY_STATE);
        setAlignment(Pos.CENTER);
        getStyleClass().add("empty-state");
        ImageView icon = new ImageView(new Image(Icon.APP.png(ICON)));
        icon.setFitWidth(96);
        icon.setFitHeight(96);
        Label title = new Label(context.text("empty.title"));
        title.getStyleClass().add("title-2");
        Label text = new Label(context.text("empty.text"));
        text.setWrapText(true);
        text.setMaxWidth(TEXT_WIDTH);
        text.setMinHeight(Region.USE_PREF_SIZE);
        Button quick = new Button(context.text("empty.quick"), Glyphs.action(Material2AL.FLASH_ON));
        quick.getStyleClass().addAll("accent", "large");
        quick.setOnAction(event -> quickCreate.run());
        Button create = new Button(context.text("empty.wizard"), Glyphs.action(Material2AL.ADD));
        create.getStyleClass().add("large");
        create.setOnAction(event -> wizard.run());
        HBox buttons = new HBox(quick, create);
        buttons.setAlignment(Pos.CENTER);
        buttons.getStyleClass().add("spaced");
        Label hints = new Label(context.text("empty.hints"));
        hints.getStyleClass().addAll("text-small", "text-muted");
        hints.setWrapText(true);
        hints.setMaxWidth(TEXT_WIDTH);
        hints.setMinHeight(Region.USE_PREF_SIZE);
        HostCard host = new HostCard(context);
        getChildren().addAll(icon, title, text, buttons, host, hints);
        host.examine();
    }
}
