package org.viridian.app.ui.view;

import javafx.scene.Group;
import javafx.scene.Node;
import javafx.scene.layout.StackPane;
import javafx.scene.shape.FillRule;
import javafx.scene.shape.SVGPath;
import org.kordamp.ikonli.Ikon;
import org.kordamp.ikonli.javafx.FontIcon;
import org.viridian.app.library.VmState;
import org.viridian.engine.device.DeviceKind;
import org.viridian.engine.device.DeviceState;
import org.kordamp.ikonli.material2.Material2AL;
import org.kordamp.ikonli.material2.Material2MZ;
import org.viridian.icons.Icon;

/** Icons as nodes, coloured by the theme: own glyphs for VMs and devices, the Material pack for actions. */
final class Glyphs {
    private Glyphs() {}

    /** An own glyph in a square of {@code size}. */
    static Node of(Icon icon, double size, String... styles) {
        SVGPath path = new SVGPath();
        path.setContent(icon.path());
        path.setFillRule(FillRule.EVEN_ODD);
        path.setScaleX(size / Icon.GRID);
        path.setScaleY(size / Icon.GRID);
        path.getStyleClass().add("glyph");
        path.getStyleClass().addAll(styles);
        StackPane box = new StackPane(new Group(path));
        box.setMinSize(size, size);
        box.setPrefSize(size, size);
        box.setMaxSize(size, size);
        return box;
    }

    /** An action's icon. */
    static Node action(Ikon ikon, String... styles) {
        FontIcon icon = new FontIcon(ikon);
        icon.getStyleClass().addAll(styles);
        return icon;
    }

    static Icon icon(VmState state) {
        return switch (state) {
            case OFF -> Icon.VM_OFF;
            case RUNNING -> Icon.VM_RUNNING;
            case PAUSED -> Icon.VM_PAUSED;
            case DAMAGED -> Icon.VM_DAMAGED;
        };
    }

    static Icon icon(DeviceKind kind) {
        return kind == DeviceKind.EMULATED ? Icon.EMULATED : Icon.SYNTHETIC;
    }

    static Ikon icon(DeviceState state) {
        return switch (state) {
            case ACTIVE -> Material2AL.CHECK_CIRCLE;
            case BYPASSED -> Material2MZ.SUBDIRECTORY_ARROW_RIGHT;
            case WAITING_FOR_DRIVER -> Material2MZ.SCHEDULE;
            case IDLE -> Material2MZ.RADIO_BUTTON_UNCHECKED;
            case PROBLEM -> Material2MZ.WARNING;
        };
    }

    /** The style class that gives a state its colour. */
    static String style(Enum<?> state) {
        return "state-" + state.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }
}
