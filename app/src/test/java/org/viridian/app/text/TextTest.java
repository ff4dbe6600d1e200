package org.viridian.app.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Properties;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.viridian.engine.loader.LoaderException;

/** Sentences exist in both languages and say the same things. */
class TextTest {
    private static Properties bundle(String path) throws IOException {
        Properties properties = new Properties();
        try (Reader reader = new InputStreamReader(TextTest.class.getResourceAsStream(path), StandardCharsets.UTF_8)) {
            properties.load(reader);
        }
        return properties;
    }

    private static TreeSet<String> arguments(String pattern) {
        TreeSet<String> found = new TreeSet<>();
        Pattern.compile("\\{\\d}").matcher(pattern).results().forEach(result -> found.add(result.group()));
        return found;
    }

    @ParameterizedTest
    @ValueSource(strings = {"/org/viridian/app/text/messages", "/org/viridian/app/cli/help"})
    void bothLanguagesHaveTheSameKeysAndArguments(String path) throws IOException {
        Properties english = bundle(path + ".properties");
        Properties korean = bundle(path + "_ko.properties");
        assertEquals(new TreeSet<>(english.keySet()), new TreeSet<>(korean.keySet()));
        english.stringPropertyNames().forEach(key -> assertEquals(arguments(english.getProperty(key)),
                arguments(korean.getProperty(key)), key));
    }

    @Test
    void aSentenceIsRenderedWithItsArgumentsInItsLanguage() {
        Text text = Text.of("start.problem", "vm's {0}", Text.of("field.memory.range", 4096, 16, 1048576));
        assertEquals("'vm's {0}' cannot start: 4096 MiB of memory is out of range: 16 to 1048576 MiB.",
                text.in(Locale.ENGLISH));
        assertTrue(text.in(Locale.KOREAN).contains("시작할 수 없습니다"), text.in(Locale.KOREAN));
        assertEquals(text.in(Locale.ENGLISH), text.in(Locale.GERMAN));
    }

    @ParameterizedTest
    @EnumSource(value = LoaderException.Reason.class, names = "OTHER", mode = EnumSource.Mode.EXCLUDE)
    void theLoadersReasonsAreInTheBundleWordForWord(LoaderException.Reason reason) throws IOException {
        Object[] arguments = {"first", "second", "third"};
        Text text = Text.of("loader." + reason.name().toLowerCase(Locale.ROOT).replace('_', '-'), arguments);
        assertEquals(reason.pattern().formatted(arguments), text.in(Locale.ROOT));
        assertNotEquals(text.in(Locale.ROOT), text.in(Locale.KOREAN));
    }
}
