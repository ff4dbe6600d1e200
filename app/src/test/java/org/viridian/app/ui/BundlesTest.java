package org.viridian.app.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Properties;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.viridian.app.library.VmState;
import org.viridian.app.ui.model.SettingsModel;
import org.viridian.app.ui.model.WizardModel;
import org.viridian.engine.device.DeviceKind;
import org.viridian.engine.device.DeviceState;

class BundlesTest {
    private static final Pattern PLACE = Pattern.compile("\\{(\\d)");

    @Test
    void bothLanguagesHaveTheSameKeysAndPlaceholders() throws IOException {
        Properties english = load("messages.properties");
        Properties korean = load("messages_ko.properties");
        assertEquals(new TreeSet<>(english.stringPropertyNames()), new TreeSet<>(korean.stringPropertyNames()));
        for (String key : english.stringPropertyNames()) {
            assertEquals(places(english.getProperty(key)), places(korean.getProperty(key)), key);
        }
    }

    @Test
    void everyConstantHasAWord() {
        for (Locale locale : new Locale[] {Locale.ENGLISH, Locale.KOREAN}) {
            Messages messages = Messages.in(locale);
            for (VmState state : VmState.values()) {
                messages.of("vm.state.", state);
            }
            for (DeviceState state : DeviceState.values()) {
                messages.of("device.state.", state);
            }
            for (DeviceKind kind : DeviceKind.values()) {
                messages.of("device.kind.", kind);
            }
            for (SettingsModel.Page page : SettingsModel.Page.values()) {
                messages.of("settings.page.", page);
            }
            for (WizardModel.Page page : WizardModel.Page.values()) {
                messages.of("wizard.page.", page);
                messages.of("wizard.intro.", page);
            }
        }
    }

    private static TreeSet<String> places(String pattern) {
        return PLACE.matcher(pattern).results().map(result -> result.group(1)).collect(Collectors.toCollection(TreeSet::new));
    }

    private static Properties load(String file) throws IOException {
        Properties properties = new Properties();
        try (var in = new InputStreamReader(Messages.class.getResourceAsStream(file), StandardCharsets.UTF_8)) {
            properties.load(in);
        }
        return properties;
    }
}
