package org.viridian.app.library;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.viridian.app.machine.Drive;
import org.viridian.app.machine.MachineConfig.Disk;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;
import org.viridian.devices.storage.DiskImages;
import org.viridian.devices.storage.ImageException;
import org.viridian.devices.storage.ImageFormat;
import org.viridian.devices.storage.tools.ImageTools;
import org.viridian.devices.storage.tools.NewImage;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Disk image files of VMs: making them, stating what they are, and how they appear on the control socket. */
public final class DiskFiles {
    private DiskFiles() {}

    /**
     * A disk with its format stated: what its content looks like now, before a guest has had a chance to change that, and
     * with an identity of its own.
     */
    public static Disk stated(Disk disk) throws Failure {
        try {
            Disk formed = disk.format().isPresent() ? disk : disk.as(DiskImages.probe(disk.file()));
            return formed.id().isPresent() ? formed : formed.known(UUID.randomUUID());
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /** A new image for a VM. */
    static Disk create(Path file, ImageFormat format, long size) throws Failure {
        try {
            ImageTools.create(file, NewImage.of(format, size));
            return new Disk(file, false).as(format).known(UUID.randomUUID());
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /** A refusal of the image formats as a failure. */
    public static Failure failure(IOException e) {
        if (e instanceof ImageException image && image.inUse()) {
            return new Failure(Failure.Kind.STATE, Text.of("machine.disk.in-use", image.file()), e);
        }
        return new Failure(e instanceof ImageException ? Failure.Kind.BAD_INPUT : Failure.Kind.HOST,
                e instanceof ImageException ? Text.verbatim(e.getMessage()) : Text.of("disk.failed", String.valueOf(e.getMessage())), e);
    }

    // The control socket's words.

    static ObjectNode put(ObjectNode request, Disk disk) {
        request.put("file", disk.file().toAbsolutePath().toString()).put("readOnly", disk.readOnly()).put("sectorSize", disk.sectorSize());
        disk.format().ifPresent(format -> request.put("format", format.word()));
        return request;
    }

    static Disk disk(JsonNode request) throws Failure {
        Path file = file(request).orElseThrow(() -> noFile("attach"));
        Optional<ImageFormat> format = ImageFormat.of(request.path("format").asString(""));
        return new Disk(file, request.path("readOnly").asBoolean(false), format, Optional.empty(), request.path("sectorSize").asInt(0));
    }

    static Optional<Path> file(JsonNode request) throws Failure {
        String text = request.path("file").asString("");
        try {
            return text.isEmpty() ? Optional.empty() : Optional.of(Path.of(text));
        } catch (InvalidPathException e) {
            throw new Failure(Failure.Kind.USAGE, Text.of("cli.disk", text), e);
        }
    }

    static Failure noFile(String verb) {
        return new Failure(Failure.Kind.USAGE, Text.of("cli.disk", verb));
    }

    /** Drives as JSON. */
    public static ArrayNode json(List<Drive> drives) {
        ArrayNode list = ControlProtocol.MAPPER.createArrayNode();
        for (Drive drive : drives) {
            ObjectNode node = list.addObject().put("lun", drive.lun()).put("dvd", drive.dvd()).put("size", drive.size());
            drive.file().ifPresent(file -> node.put("file", file));
            drive.format().ifPresent(format -> node.put("format", format));
        }
        return list;
    }

    static List<Drive> drives(JsonNode list) {
        List<Drive> drives = new ArrayList<>();
        for (JsonNode node : list) {
            drives.add(new Drive(node.path("lun").asInt(-1), node.path("dvd").asBoolean(false),
                    node.has("file") ? Optional.of(node.get("file").asString()) : Optional.empty(),
                    node.has("format") ? Optional.of(node.get("format").asString()) : Optional.empty(), node.path("size").asLong(0)));
        }
        return drives;
    }
}
