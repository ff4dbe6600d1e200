package org.viridian.app.ui.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.viridian.app.definition.AtomicFile;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What the user chose about the windows: language, theme, where the main window was. A file that cannot be read is as
 * good as none and is replaced at the next change: nothing in it is worth a question.
 *
 * <p>Thread rule: any thread; the file is written where {@link #save} is called, so keep that off the JavaFX thread.
 */
public final class Preferences {
    /** The file in the data folder. */
    public static final String FILE = "windows.json";

    private static final JsonMapper MAPPER = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
    private static final int MAX_FILE = 1 << 20;

    /**
     * Where a window was, in JavaFX's screen coordinates.
     *
     * @param x left
     * @param y top
     * @param width of the window
     * @param height of the window
     * @param maximized whether it filled the screen
     */
    public record Place(double x, double y, double width, double height, boolean maximized) {}

    private final Path file;
    private final ObjectNode root;

    private Preferences(Path file, ObjectNode root) {
        this.file = file;
        this.root = root;
    }

    /** Reads the file in a data folder. */
    public static Preferences in(Path data) {
        Path file = data.resolve(FILE);
        try {
            if (Files.size(file) <= MAX_FILE && MAPPER.readTree(Files.readAllBytes(file)) instanceof ObjectNode root) {
                return new Preferences(file, root);
            }
        } catch (IOException | JacksonException e) {
            System.getLogger(Preferences.class.getName()).log(System.Logger.Level.DEBUG, "no preferences", e);
        }
        return new Preferences(file, MAPPER.createObjectNode());
    }

    /** A word, such as the theme's or the language's. */
    public synchronized Optional<String> word(String key) {
        JsonNode value = root.path(key);
        return value.isString() ? Optional.of(value.stringValue()) : Optional.empty();
    }

    /** Remembers a word. */
    public synchronized void word(String key, String value) {
        root.put(key, value);
    }

    /** Where a window was. */
    public synchronized Optional<Place> place(String key) {
        JsonNode value = root.path(key);
        return value.path("width").asDouble(0) < 1 || value.path("height").asDouble(0) < 1 ? Optional.empty()
                : Optional.of(new Place(value.path("x").asDouble(0), value.path("y").asDouble(0),
                        value.path("width").asDouble(0), value.path("height").asDouble(0),
                        value.path("maximized").asBoolean(false)));
    }

    /** Remembers where a window is. */
    public synchronized void place(String key, Place place) {
        root.putObject(key).put("x", place.x()).put("y", place.y()).put("width", place.width())
                .put("height", place.height()).put("maximized", place.maximized());
    }

    /** Writes the file. */
    public void save() {
        try {
            byte[] bytes;
            synchronized (this) {
                bytes = MAPPER.writeValueAsBytes(root);
            }
            Files.createDirectories(file.getParent());
            AtomicFile.write(file, bytes);
        } catch (IOException e) {
            System.getLogger(Preferences.class.getName()).log(System.Logger.Level.WARNING, "not saved: " + file, e);
        }
    }
}
