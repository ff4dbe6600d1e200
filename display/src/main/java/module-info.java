/** Screens: guest surfaces, the canvas that shows them, keys and pointer. */
module org.viridian.display {
    requires transitive org.viridian.devices;
    requires transitive javafx.graphics;
    requires javafx.controls;
    requires com.sun.jna.platform;

    exports org.viridian.display.canvas;
    exports org.viridian.display.keys;
    exports org.viridian.display.surface;
    exports org.viridian.display.synthvideo;
    exports org.viridian.display.vga;
}
