package org.viridian.app.ui;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javafx.application.Application;
import org.viridian.app.command.Windows;
import org.viridian.app.library.Library;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;

/** The windows of the workstation in JavaFX. */
public final class FxWindows implements Windows {
    private static final Pattern LOCAL_DISPLAY = Pattern.compile(":(\\d+)(\\.\\d+)?");

    /** For the service loader. */
    public FxWindows() {}

    @Override
    public int open(Library library, Opening opening) throws Failure {
        ViridianApplication.prepare(library, opening);
        try {
            Application.launch(ViridianApplication.class);
            return 0;
        } catch (UnsupportedOperationException | UnsatisfiedLinkError | NoClassDefFoundError e) {
            throw new Failure(Failure.Kind.HOST, message("obstacle.toolkit", e.getMessage()), e);
        }
    }

    @Override
    public Optional<Text> obstacle() {
        if ("Headless".equalsIgnoreCase(System.getProperty("glass.platform"))) {
            return Optional.empty();
        }
        String display = System.getenv("DISPLAY");
        if (display == null || display.isBlank()) {
            return Optional.of(message("obstacle.display"));
        }
        Matcher local = LOCAL_DISPLAY.matcher(display);
        if (local.matches() && !Files.exists(Path.of("/tmp/.X11-unix/X" + local.group(1)))) {
            return Optional.of(message("obstacle.server", display));
        }
        return Optional.empty();
    }

    private static Text message(String key, Object... arguments) {
        return Text.verbatim(Messages.in(Locale.getDefault()).get(key, arguments));
    }
}
