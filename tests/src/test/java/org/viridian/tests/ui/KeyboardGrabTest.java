package org.viridian.tests.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The keyboard grab under a real X server: what a window manager keeps reaches the guest, and nothing can stick. */
class KeyboardGrabTest {
    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    void takesEveryKeyAndIsNeverStuck() throws Exception {
        Process server;
        try {
            new ProcessBuilder("xdotool", "version").redirectErrorStream(true).start().waitFor();
            server = new ProcessBuilder("Xvfb", "-displayfd", "1", "-noreset", "-screen", "0", "1280x800x24")
                    .redirectError(ProcessBuilder.Redirect.DISCARD).start();
        } catch (IOException missing) {
            abort("Xvfb or xdotool is not installed: " + missing.getMessage());
            return;
        }
        try {
            String display = new BufferedReader(new InputStreamReader(server.getInputStream())).readLine();
            ProcessBuilder window = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Dprism.order=sw", "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"),
                    GrabMain.class.getName());
            window.environment().put("DISPLAY", ":" + display);
            window.redirectError(ProcessBuilder.Redirect.DISCARD);
            Process child = window.start();
            TreeMap<String, String> found = new TreeMap<>();
            try (BufferedReader lines = new BufferedReader(new InputStreamReader(child.getInputStream()))) {
                lines.lines().map(line -> line.split("=", 2)).filter(parts -> parts.length == 2)
                        .forEach(parts -> found.put(parts[0], parts[1]));
            }
            TreeMap<String, String> wanted = new TreeMap<>();
            List.of("plain", "alt-tab", "super", "still-captured", "chord-releases", "no-key-stuck", "focus-releases",
                    "free-while-hung").forEach(name -> wanted.put(name, "true"));
            assertEquals(wanted, found);
            assertEquals(0, child.waitFor());
        } finally {
            server.destroy();
        }
    }
}
