/** The workstation: VM library, machine composition, command core, CLI and windows. */
module org.viridian.app {
    requires transitive org.viridian.display;
    requires org.viridian.icons;
    requires javafx.controls;
    requires org.controlsfx.controls;
    requires atlantafx.base;
    requires org.kordamp.ikonli.javafx;
    requires org.kordamp.ikonli.material2;
    requires tools.jackson.databind;
    requires info.picocli;
    requires org.apache.commons.compress;
    requires org.tukaani.xz;

    exports org.viridian.app.command;
    exports org.viridian.app.definition;
    exports org.viridian.app.library;
    exports org.viridian.app.machine;
    exports org.viridian.app.quickcreate;
    exports org.viridian.app.text;
    exports org.viridian.app.ui;

    opens org.viridian.app.cli to info.picocli;

    uses org.viridian.app.command.Windows;

    provides org.viridian.app.command.Windows with org.viridian.app.ui.FxWindows;
}
