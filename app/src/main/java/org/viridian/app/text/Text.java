package org.viridian.app.text;

import java.text.MessageFormat;
import java.util.List;
import java.util.Locale;
import java.util.MissingResourceException;
import java.util.ResourceBundle;

/**
 * A sentence that has not been given a language yet: a key of the {@code messages} bundle and its arguments. Rendering
 * happens at the edge (terminal, window), so one failure can be shown in Korean and logged in English.
 *
 * @param key bundle key
 * @param arguments what the pattern's {@code {0}}, {@code {1}} … stand for
 */
public record Text(String key, List<Object> arguments) {
    private static final String BUNDLE = "org.viridian.app.text.messages";

    /** Copies the arguments; an argument must not be null. */
    public Text {
        arguments = List.copyOf(arguments);
    }

    /** A text of a key and its arguments. A null argument is shown as a dash. */
    public static Text of(String key, Object... arguments) {
        List<Object> copy = new java.util.ArrayList<>(arguments.length);
        for (Object argument : arguments) {
            copy.add(argument == null ? "-" : argument);
        }
        return new Text(key, copy);
    }

    /** A text that is the same in every language: a file's own message, a name. */
    public static Text verbatim(String words) {
        return of("verbatim", words == null ? "" : words);
    }

    /** The sentence in a language; English when there is no translation. Arguments that are texts are rendered too. */
    public String in(Locale locale) {
        Object[] rendered = new Object[arguments.size()];
        for (int i = 0; i < rendered.length; i++) {
            // Numbers are ids, sizes and ports here, never amounts to be read: "1,024 MiB" would not parse back.
            rendered[i] = arguments.get(i) instanceof Text text ? text.in(locale) : arguments.get(i).toString();
        }
        String pattern;
        try {
            pattern = bundle(locale).getString(key);
        } catch (MissingResourceException e) {
            return key + " " + List.of(rendered);
        }
        return new MessageFormat(pattern, locale).format(rendered);
    }

    /** The sentence in the user's language. */
    @Override
    public String toString() {
        return in(Locale.getDefault());
    }

    private static ResourceBundle bundle(Locale locale) {
        // Without this control a Korean desktop asking for English would get Korean: the default locale is a fallback.
        return ResourceBundle.getBundle(BUNDLE, languageOf(locale), Text.class.getModule());
    }

    private static Locale languageOf(Locale locale) {
        return "ko".equals(locale.getLanguage()) ? Locale.KOREAN : Locale.ROOT;
    }
}
