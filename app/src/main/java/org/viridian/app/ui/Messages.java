package org.viridian.app.ui;

import java.text.MessageFormat;
import java.util.Locale;
import java.util.MissingResourceException;
import java.util.ResourceBundle;
import org.viridian.app.text.Text;

/** The words of the windows in one language. Immutable; a change of language makes a new one and new views. */
public final class Messages {
    private static final String BUNDLE = "org.viridian.app.ui.messages";

    private final Locale locale;
    private final ResourceBundle bundle;

    private Messages(Locale locale) {
        this.locale = locale;
        this.bundle = ResourceBundle.getBundle(BUNDLE, locale, Messages.class.getModule());
    }

    /** The words in Korean for a Korean locale, else in English. */
    public static Messages in(Locale locale) {
        return new Messages(Locale.KOREAN.getLanguage().equals(locale.getLanguage()) ? Locale.KOREAN : Locale.ROOT);
    }

    /** The language. */
    public Locale locale() {
        return locale;
    }

    /** The text of a key, its arguments filled in. */
    public String get(String key, Object... arguments) {
        return new MessageFormat(bundle.getString(key), locale).format(arguments);
    }

    /** The text of a key made of {@code prefix} and a word that devices choose; the word itself when unknown. */
    public String word(String prefix, String word) {
        try {
            return bundle.getString(prefix + word);
        } catch (MissingResourceException e) {
            return word;
        }
    }

    /** The text for an enum constant: {@code prefix} and its name in lower case with dashes. */
    public String of(String prefix, Enum<?> constant) {
        return bundle.getString(prefix + constant.name().toLowerCase(Locale.ROOT).replace('_', '-'));
    }

    /** A sentence of the command core in this language. */
    public String of(Text text) {
        return text.in(locale);
    }
}
