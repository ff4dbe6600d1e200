package org.viridian.app.definition;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.viridian.app.machine.MachineConfig.Boot;
import org.viridian.app.machine.MachineConfig.Disk;
import org.viridian.app.machine.MachineConfig.Engine;
import org.viridian.devices.storage.ImageFormat;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The file format of {@code vm.json}, version 1. Written field by field instead of bound by reflection: the file is a
 * promise to the user, a record component's name is not. Paths inside the VM's folder are stored relative to it, so a
 * folder can be moved.
 */
final class DefinitionJson {
    /** The version this program writes. A file of a later one is refused, not guessed at. */
    static final int FORMAT = 1;

    private static final Set<String> KNOWN = Set.of("format", "name", "memoryMiB", "processors", "engine", "boot",
            "disks", "dvd", "integration", NetworkJson.FIELD);
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
            .build();

    private DefinitionJson() {}

    /** The file does not hold a definition; the message says where and why. */
    static final class Unreadable extends Exception {
        private static final long serialVersionUID = 1L;

        Unreadable(String message, Throwable cause) {
            super(message, cause);
        }
    }

    static byte[] write(VmDefinition vm, Path folder) {
        ObjectNode root = MAPPER.createObjectNode();
        root.put("format", FORMAT);
        root.put("name", vm.name());
        root.put("memoryMiB", vm.memoryMiB());
        root.put("processors", vm.processors());
        root.put("engine", vm.engine().name().toLowerCase(Locale.ROOT));
        ObjectNode boot = root.putObject("boot");
        boot.put("kernel", stored(vm.boot().kernel(), folder));
        vm.boot().initrd().ifPresent(initrd -> boot.put("initrd", stored(initrd, folder)));
        boot.put("commandLine", vm.boot().commandLine());
        ArrayNode disks = root.putArray("disks");
        for (Disk disk : vm.disks()) {
            ObjectNode entry = disks.addObject().put("file", stored(disk.file(), folder)).put("readOnly", disk.readOnly());
            disk.format().ifPresent(known -> entry.put("format", known.word()));
            disk.id().ifPresent(id -> entry.put("id", id.toString()));
            if (disk.sectorSize() != 0) {
                entry.put("sectorSize", disk.sectorSize());
            }
        }
        vm.dvd().ifPresent(dvd -> root.put("dvd", stored(dvd, folder)));
        root.put("integration", vm.integration());
        NetworkJson.write(root, vm.network());
        if (MAPPER.readTree(vm.unknownFields()) instanceof ObjectNode unknown) {
            unknown.properties().forEach(field -> {
                if (!KNOWN.contains(field.getKey())) {
                    root.set(field.getKey(), field.getValue());
                }
            });
        }
        return MAPPER.writeValueAsBytes(root);
    }

    static VmDefinition read(byte[] bytes, Path folder) throws Unreadable {
        JsonNode tree;
        try {
            tree = MAPPER.readTree(bytes);
        } catch (JacksonException e) {
            var at = e.getLocation();
            throw new Unreadable(e.getOriginalMessage() + (at == null ? "" : " (line " + at.getLineNr() + ")"), e);
        }
        if (!(tree instanceof ObjectNode root)) {
            throw new Unreadable("not a JSON object", null);
        }
        int format = integer(root, "format");
        if (format != FORMAT) {
            throw new Unreadable("format " + format + " is not known to this version, which reads format " + FORMAT,
                    null);
        }
        ObjectNode boot = object(root, "boot");
        List<Disk> disks = new ArrayList<>();
        JsonNode list = root.get("disks");
        if (list != null) {
            if (!(list instanceof ArrayNode array)) {
                throw new Unreadable("field 'disks' is not a list", null);
            }
            for (JsonNode item : array) {
                if (!(item instanceof ObjectNode disk)) {
                    throw new Unreadable("an entry of 'disks' is not an object", null);
                }
                disks.add(new Disk(path(disk, "file", folder), bool(disk, "readOnly", false), diskFormat(disk), diskId(disk),
                        disk.has("sectorSize") ? integer(disk, "sectorSize") : 0));
            }
        }
        ObjectNode unknown = MAPPER.createObjectNode();
        root.properties().forEach(field -> {
            if (!KNOWN.contains(field.getKey())) {
                unknown.set(field.getKey(), field.getValue());
            }
        });
        return new VmDefinition(string(root, "name"), integer(root, "memoryMiB"), integer(root, "processors"),
                engine(string(root, "engine")),
                new Boot(path(boot, "kernel", folder), optionalPath(boot, "initrd", folder),
                        boot.has("commandLine") ? string(boot, "commandLine") : ""),
                disks, optionalPath(root, "dvd", folder), bool(root, "integration", true),
                NetworkJson.read(root), unknown.toString());
    }

    private static Optional<ImageFormat> diskFormat(ObjectNode disk) throws Unreadable {
        if (!disk.has("format")) {
            return Optional.empty();
        }
        Optional<ImageFormat> format = ImageFormat.of(string(disk, "format"));
        if (format.isEmpty()) {
            throw new Unreadable("field 'format' of a disk is '" + string(disk, "format") + "', not raw, vhd, vhdx or qcow2", null);
        }
        return format;
    }

    private static Optional<UUID> diskId(ObjectNode disk) throws Unreadable {
        try {
            return disk.has("id") ? Optional.of(UUID.fromString(string(disk, "id"))) : Optional.empty();
        } catch (IllegalArgumentException e) {
            throw new Unreadable("field 'id' of a disk is no UUID", e);
        }
    }

    private static String stored(Path path, Path folder) {
        Path absolute = path.toAbsolutePath().normalize();
        Path base = folder.toAbsolutePath().normalize();
        return absolute.startsWith(base) ? base.relativize(absolute).toString() : absolute.toString();
    }

    private static Engine engine(String word) throws Unreadable {
        try {
            return Engine.valueOf(word.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new Unreadable("field 'engine' is '" + word + "', not auto, kvm or software", e);
        }
    }

    private static ObjectNode object(ObjectNode parent, String field) throws Unreadable {
        if (parent.get(field) instanceof ObjectNode object) {
            return object;
        }
        throw new Unreadable("field '" + field + "' is missing or not an object", null);
    }

    private static String string(ObjectNode parent, String field) throws Unreadable {
        JsonNode value = parent.get(field);
        if (value == null || !value.isString()) {
            throw new Unreadable("field '" + field + "' is missing or not a text", null);
        }
        return value.stringValue();
    }

    private static int integer(ObjectNode parent, String field) throws Unreadable {
        JsonNode value = parent.get(field);
        if (value == null || !value.isIntegralNumber() || !value.canConvertToInt()) {
            throw new Unreadable("field '" + field + "' is missing or not a whole number", null);
        }
        return value.intValue();
    }

    private static boolean bool(ObjectNode parent, String field, boolean otherwise) throws Unreadable {
        JsonNode value = parent.get(field);
        if (value == null) {
            return otherwise;
        }
        if (!value.isBoolean()) {
            throw new Unreadable("field '" + field + "' is not true or false", null);
        }
        return value.booleanValue();
    }

    private static Optional<Path> optionalPath(ObjectNode parent, String field, Path folder) throws Unreadable {
        return parent.has(field) ? Optional.of(path(parent, field, folder)) : Optional.empty();
    }

    private static Path path(ObjectNode parent, String field, Path folder) throws Unreadable {
        String text = string(parent, field);
        try {
            return folder.resolve(text).normalize();
        } catch (InvalidPathException e) {
            throw new Unreadable("field '" + field + "' is not a path", e);
        }
    }
}
