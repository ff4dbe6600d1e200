package org.viridian.app.ui.view;

import java.util.List;
import java.util.function.Consumer;
import javafx.scene.control.Menu;
import javafx.scene.control.MenuItem;
import javafx.scene.control.SeparatorMenuItem;

/** The keys that a host keeps to itself, as menu items: each is named as {@code viridian key} spells it. */
final class SendKeys {
    private static final List<String> CHORDS = List.of("ctrl-alt-delete", "ctrl-alt-backspace", "ctrl-esc", "alt-tab",
            "alt-f4", "super", "super-l", "print", "alt-print", "pause", "menu", "hangul", "hanja", "rightalt");

    private SendKeys() {}

    /** The items; {@code send} is given the chord's name. */
    static List<MenuItem> items(Context context, Consumer<String> send) {
        List<MenuItem> items = new java.util.ArrayList<>();
        for (String chord : CHORDS) {
            items.add(item(label(context, chord), chord, send));
        }
        items.add(new SeparatorMenuItem());
        Menu consoles = new Menu(context.text("keys.consoles"));
        for (int f = 1; f <= 12; f++) {
            consoles.getItems().add(item("Ctrl+Alt+F" + f, "ctrl-alt-f" + f, send));
        }
        items.add(consoles);
        return items;
    }

    private static MenuItem item(String label, String chord, Consumer<String> send) {
        MenuItem item = new MenuItem(label);
        item.setId("key-" + chord);
        item.setMnemonicParsing(false);
        item.setOnAction(event -> send.accept(chord));
        return item;
    }

    private static String label(Context context, String chord) {
        return switch (chord) {
            case "ctrl-alt-delete" -> "Ctrl+Alt+Del";
            case "ctrl-alt-backspace" -> "Ctrl+Alt+Backspace";
            case "ctrl-esc" -> "Ctrl+Esc";
            case "alt-tab" -> "Alt+Tab";
            case "alt-f4" -> "Alt+F4";
            case "super" -> "Super";
            case "super-l" -> "Super+L";
            case "print" -> context.text("keys.print");
            case "alt-print" -> "Alt+SysRq";
            case "pause" -> "Pause";
            case "menu" -> context.text("keys.menu");
            case "hangul" -> context.text("keys.hangul");
            case "hanja" -> context.text("keys.hanja");
            case "rightalt" -> context.text("keys.rightalt");
            default -> chord;
        };
    }
}
