package org.viridian.app.library;

import static org.viridian.devices.input.ScanCode.E0;
import static org.viridian.devices.input.ScanCode.E1;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;
import org.viridian.devices.input.KeyboardSink;

/** Presses keys of a US keyboard for {@code type} and {@code key}; PS/2 set 1 scan codes. */
public final class Keys {
    /** Between two key events: a PS/2 controller holds 16 bytes, and a slow guest must be able to follow. */
    private static final long PAUSE_MILLIS = 6;

    private static final int SHIFT = 0x2A;
    private static final Map<Character, Integer> PLAIN = new HashMap<>();
    private static final Map<Character, Integer> SHIFTED = new HashMap<>();
    private static final Map<String, Integer> NAMED = new HashMap<>();

    static {
        row(0x02, "1234567890-=", "!@#$%^&*()_+");
        row(0x10, "qwertyuiop[]", "QWERTYUIOP{}");
        row(0x1E, "asdfghjkl;'`", "ASDFGHJKL:\"~");
        row(0x2B, "\\zxcvbnm,./", "|ZXCVBNM<>?");
        PLAIN.put(' ', 0x39);
        PLAIN.put('\t', 0x0F);
        PLAIN.put('\n', 0x1C);
        PLAIN.put('\r', 0x1C);
        PLAIN.put('\b', 0x0E);
        PLAIN.put((char) 0x1B, 0x01);

        PLAIN.forEach((character, code) -> {
            if (character > ' ') {
                NAMED.put(character.toString(), code);
            }
        });
        names(0x01, "esc", "escape");
        names(0x0E, "backspace");
        names(0x0F, "tab");
        names(0x1C, "enter", "return");
        names(0x1D, "ctrl", "control", "leftctrl");
        names(E0 | 0x1D, "rightctrl");
        names(SHIFT, "shift", "leftshift");
        names(0x36, "rightshift");
        names(0x38, "alt", "leftalt");
        names(E0 | 0x38, "altgr", "rightalt");
        names(0x39, "space");
        names(0x3A, "capslock");
        names(0x45, "numlock");
        names(0x46, "scrolllock");
        names(E0 | 0x47, "home");
        names(E0 | 0x48, "up");
        names(E0 | 0x49, "pageup");
        names(E0 | 0x4B, "left");
        names(E0 | 0x4D, "right");
        names(E0 | 0x4F, "end");
        names(E0 | 0x50, "down");
        names(E0 | 0x51, "pagedown");
        names(E0 | 0x52, "insert", "ins");
        names(E0 | 0x53, "delete", "del");
        names(E0 | 0x5B, "super", "win", "meta");
        names(E0 | 0x5D, "menu");
        names(E0 | 0x37, "print", "sysrq");
        names(E1 | 0x1D, "pause");
        names(0x0C, "minus");
        names(0x72, "hangul");
        names(0x71, "hanja");
        for (int f = 1; f <= 10; f++) {
            names(0x3A + f, "f" + f);
        }
        names(0x57, "f11");
        names(0x58, "f12");
    }

    private Keys() {}

    /** Types text. Fails before the first key when a character has none. */
    public static void type(KeyboardSink keyboard, String text) throws Failure {
        for (char character : text.toCharArray()) {
            if (!PLAIN.containsKey(character) && !SHIFTED.containsKey(character)) {
                throw new Failure(Failure.Kind.BAD_INPUT, Text.of("key.character", String.valueOf(character)));
            }
        }
        for (char character : text.toCharArray()) {
            Integer plain = PLAIN.get(character);
            press(keyboard, plain != null ? List.of(plain) : List.of(SHIFT, SHIFTED.get(character)));
        }
    }

    /** The first character of a text that has no key, or empty. */
    public static java.util.Optional<String> untypable(String text) {
        return text.codePoints().filter(point -> point > Character.MAX_VALUE
                || !PLAIN.containsKey((char) point) && !SHIFTED.containsKey((char) point))
                .mapToObj(Character::toString).findFirst();
    }

    /** Presses keys together, in order, and releases them in reverse: {@code ctrl-alt-delete}. */
    public static void press(KeyboardSink keyboard, String combination) throws Failure {
        press(keyboard, codes(combination));
    }

    static List<Integer> codes(String combination) throws Failure {
        List<Integer> codes = new ArrayList<>();
        for (String name : combination.toLowerCase(Locale.ROOT).split("[-+]")) {
            Integer code = NAMED.get(name);
            if (code == null) {
                throw new Failure(Failure.Kind.USAGE, Text.of("key.name", name));
            }
            codes.add(code);
        }
        return codes;
    }

    private static void press(KeyboardSink keyboard, List<Integer> codes) throws Failure {
        try {
            for (int code : codes) {
                keyboard.key(code, true);
                Thread.sleep(PAUSE_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure(Failure.Kind.STATE, Text.of("interrupted"), e);
        } finally {
            // Even when interrupted: a key left down would repeat in the guest for ever.
            for (int code : codes.reversed()) {
                keyboard.key(code, false);
            }
        }
        try {
            Thread.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void row(int firstCode, String plain, String shifted) {
        for (int i = 0; i < plain.length(); i++) {
            PLAIN.put(plain.charAt(i), firstCode + i);
            SHIFTED.put(shifted.charAt(i), firstCode + i);
        }
    }

    private static void names(int code, String... names) {
        for (String name : names) {
            NAMED.put(name, code);
        }
    }
}
