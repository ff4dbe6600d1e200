package org.viridian.app.ui.view;

import atlantafx.base.theme.PrimerDark;
import atlantafx.base.theme.PrimerLight;
import javafx.application.Application;
import javafx.application.ColorScheme;
import javafx.application.Platform;
import javafx.scene.Scene;

/** Light or dark. */
public enum Theme {
    /** As the desktop is. */
    SYSTEM,
    /** Light. */
    LIGHT,
    /** Dark. */
    DARK;

    /** The theme of a name in lower case. */
    static java.util.Optional<Theme> of(String word) {
        return java.util.Arrays.stream(values()).filter(theme -> theme.name().equalsIgnoreCase(word)).findFirst();
    }

    /** Gives every window this theme. */
    public void apply() {
        boolean dark = this == DARK
                || this == SYSTEM && Platform.getPreferences().getColorScheme() == ColorScheme.DARK;
        Application.setUserAgentStylesheet(dark ? new PrimerDark().getUserAgentStylesheet()
                : new PrimerLight().getUserAgentStylesheet());
    }

    /** Adds the product's own sheet to a scene. */
    static void dress(Scene scene) {
        scene.getStylesheets().add(Theme.class.getResource("/org/viridian/app/ui/viridian.css").toExternalForm());
    }
}
