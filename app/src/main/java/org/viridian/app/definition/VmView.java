package org.viridian.app.definition;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How the user files and looks at a VM; nothing of it reaches the machine. Kept in {@code view.json} beside the
 * definition, so that it is cloned, exported and deleted with the VM.
 *
 * @param group the group it is filed under, or empty
 * @param tags words to find it by
 * @param scaling how its screen is fitted into the console: {@code fit}, {@code integer}, {@code native}
 */
public record VmView(String group, List<String> tags, String scaling) {
    /** A VM that nobody has filed. */
    public static final VmView NONE = new VmView("", List.of(), "fit");

    private static final String FILE = "view.json";
    private static final int MAX_FILE = 1 << 16;
    private static final JsonMapper MAPPER = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    /** Copies the list. */
    public VmView {
        tags = List.copyOf(tags);
    }

    /** With another group and other tags. */
    public VmView filed(String newGroup, List<String> newTags) {
        return new VmView(newGroup, newTags, scaling);
    }

    /** With another scaling. */
    public VmView scaled(String newScaling) {
        return new VmView(group, tags, newScaling);
    }

    /** Reads it from a VM's folder; {@link #NONE} where there is none or it cannot be read. */
    public static VmView read(Path folder) {
        Path file = folder.resolve(FILE);
        try {
            if (!Files.exists(file) || Files.size(file) > MAX_FILE) {
                return NONE;
            }
            JsonNode root = MAPPER.readTree(Files.readAllBytes(file));
            List<String> tags = new ArrayList<>();
            root.path("tags").forEach(tag -> tags.add(tag.asString("")));
            tags.removeIf(String::isBlank);
            return new VmView(root.path("group").asString(""), tags, root.path("scaling").asString("fit"));
        } catch (IOException | JacksonException e) {
            System.getLogger(VmView.class.getName()).log(System.Logger.Level.WARNING, "not read: " + file, e);
            return NONE;
        }
    }

    /** Writes it into a VM's folder. */
    public void write(Path folder) throws IOException {
        ObjectNode root = MAPPER.createObjectNode().put("group", group).put("scaling", scaling);
        ArrayNode list = root.putArray("tags");
        tags.forEach(list::add);
        AtomicFile.write(folder.resolve(FILE), MAPPER.writeValueAsBytes(root));
    }
}
