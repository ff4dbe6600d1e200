package org.viridian.app.library;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.viridian.app.definition.AtomicFile;
import org.viridian.app.definition.DefinitionRules;
import org.viridian.app.definition.DefinitionStore;
import org.viridian.app.definition.FieldProblem;
import org.viridian.app.definition.Reasons;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Progress;
import org.viridian.app.text.Text;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A VM as a whole: copied, renamed, packed into one file, unpacked from one. The file is a gzip-compressed POSIX tar
 * (IEEE Std 1003.1-2017, pax) with {@code vm.json} first. Files that a definition names outside the VM's folder are
 * taken along, so that a copy stands by itself.
 *
 * <p>Each of these holds the VM's {@link RunLock}: nobody can start it meanwhile. An interrupted or failed one leaves
 * nothing behind.
 *
 * <p>Thread rule: any thread; does I/O for as long as the disks are large.
 */
public final class VmTransfers {
    /** Ending of exported files. */
    public static final String ENDING = ".viridian";

    private static final String DEFINITION = "vm.json";
    private static final Set<String> NOT_TAKEN = Set.of("lock", DEFINITION);
    /** A definition's texts that are no paths. */
    private static final Set<String> NO_PATHS = Set.of("name", "commandLine", "engine");
    private static final int MAX_DEFINITION = 1 << 20;
    private static final int MAX_FILES = 4096;
    private static final int BLOCK = 1 << 16;
    private static final JsonMapper MAPPER = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private final DefinitionStore store;
    private final Consumer<String> changed;

    VmTransfers(DefinitionStore store, Consumer<String> changed) {
        this.store = store;
        this.changed = changed;
    }

    /** What a VM consists of: its definition as it is to be written, and the other files by their new names. */
    private record Parts(ObjectNode definition, Map<String, Path> files, long bytes) {}

    /** Packs a VM that is off into a file. */
    public void export(String name, Path file, Progress progress) throws Failure {
        Path folder = existing(name);
        Path partial = file.resolveSibling(file.getFileName() + ".part");
        try (RunLock lock = RunLock.take(name, folder)) {
            Parts parts = parts(folder);
            Meter meter = new Meter(progress, "transfer.export", name, parts.bytes());
            try (TarArchiveOutputStream out = new TarArchiveOutputStream(new QuickGzip(
                    new BufferedOutputStream(Files.newOutputStream(partial), 1 << 18)))) {
                out.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
                out.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
                byte[] definition = MAPPER.writeValueAsBytes(parts.definition());
                entry(out, DEFINITION, definition.length);
                out.write(definition);
                out.closeArchiveEntry();
                for (Map.Entry<String, Path> part : parts.files().entrySet()) {
                    entry(out, part.getKey(), Files.size(part.getValue()));
                    try (InputStream in = Files.newInputStream(part.getValue())) {
                        pump(in, out, meter);
                    }
                    out.closeArchiveEntry();
                }
            }
            Files.move(partial, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING,
                    java.nio.file.StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw unusable(file, e);
        } finally {
            deleteQuietly(partial);
        }
    }

    /** The name of the VM in a packed file. */
    public String nameIn(Path file) throws Failure {
        try (TarArchiveInputStream in = open(file)) {
            return definition(file, in).path("name").asString("");
        } catch (IOException e) {
            throw unusable(file, e);
        }
    }

    /** Unpacks a file as a VM of a name that is free. */
    public void importFrom(Path file, String name, Progress progress) throws Failure {
        Path folder = free(name);
        try (TarArchiveInputStream in = open(file)) {
            ObjectNode definition = definition(file, in);
            insideOnly(file, definition);
            named(definition, name);
            Meter meter = new Meter(progress, "transfer.import", name, -1);
            int count = 0;
            for (TarArchiveEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                if (!entry.isFile() || ++count > MAX_FILES) {
                    throw bad(file, entry.getName());
                }
                Path target = inside(file, folder, entry.getName());
                long room = Files.getFileStore(folder).getUsableSpace();
                Files.createDirectories(target.getParent());
                writeSparse(in, target, entry.getSize(), room, meter);
            }
            AtomicFile.write(folder.resolve(DEFINITION), MAPPER.writeValueAsBytes(definition));
            // Whatever is wrong with the definition is found now, not at the first start.
            store.load(name);
            changed.accept(name);
        } catch (IOException e) {
            discard(folder);
            throw unusable(file, e);
        } catch (Failure | RuntimeException e) {
            discard(folder);
            throw e;
        }
    }

    /** Copies a VM that is off; the copy shares nothing with it. */
    public void clone(String name, String copy, Progress progress) throws Failure {
        Path from = existing(name);
        Path folder = free(copy);
        try (RunLock lock = RunLock.take(name, from)) {
            Parts parts = parts(from);
            Meter meter = new Meter(progress, "transfer.clone", copy, parts.bytes());
            for (Map.Entry<String, Path> part : parts.files().entrySet()) {
                Path target = folder.resolve(part.getKey());
                Files.createDirectories(target.getParent());
                try (InputStream in = Files.newInputStream(part.getValue())) {
                    writeSparse(in, target, Files.size(part.getValue()), Files.getFileStore(folder).getUsableSpace(), meter);
                }
            }
            named(parts.definition(), copy);
            AtomicFile.write(folder.resolve(DEFINITION), MAPPER.writeValueAsBytes(parts.definition()));
            store.load(copy);
            changed.accept(copy);
        } catch (IOException e) {
            discard(folder);
            throw unusable(folder, e);
        } catch (Failure | RuntimeException e) {
            discard(folder);
            throw e;
        }
    }

    /** Gives a VM that is off another name. */
    public void rename(String name, String next) throws Failure {
        Path from = existing(name);
        checkFree(next);
        Path to = store.folder(next);
        try (RunLock lock = RunLock.take(name, from)) {
            if (!(MAPPER.readTree(Files.readAllBytes(from.resolve(DEFINITION))) instanceof ObjectNode definition)) {
                throw bad(from, DEFINITION);
            }
            Files.move(from, to, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
            definition.put("name", next);
            AtomicFile.write(to.resolve(DEFINITION), MAPPER.writeValueAsBytes(definition));
            changed.accept(name);
            changed.accept(next);
        } catch (IOException e) {
            throw unusable(to, e);
        }
    }

    /**
     * Names a copy. Its network address goes, so that the one that follows from its name is taken: two adapters of one
     * address on a switch would steal each other's frames.
     */
    private static void named(ObjectNode definition, String name) {
        if (!name.equals(definition.path("name").asString("")) && definition.get("network") instanceof ObjectNode network) {
            network.remove("mac");
        }
        definition.put("name", name);
    }

    private Path existing(String name) throws Failure {
        store.load(name);
        return store.folder(name);
    }

    private void checkFree(String name) throws Failure {
        Optional<FieldProblem> problem = DefinitionRules.name(name);
        if (problem.isPresent()) {
            throw new Failure(Failure.Kind.BAD_INPUT, problem.get().text());
        }
        if (store.exists(name)) {
            throw new Failure(Failure.Kind.STATE, Text.of("vm.exists", name, store.folder(name)));
        }
    }

    private Path free(String name) throws Failure {
        checkFree(name);
        return store.createFolder(name);
    }

    /** The definition with every file inside the folder, and where each of them is now. */
    private static Parts parts(Path folder) throws IOException, Failure {
        if (!(MAPPER.readTree(Files.readAllBytes(folder.resolve(DEFINITION))) instanceof ObjectNode definition)) {
            throw bad(folder, DEFINITION);
        }
        Map<String, Path> files = new LinkedHashMap<>();
        try (Stream<Path> tree = Files.walk(folder)) {
            for (Path path : (Iterable<Path>) tree.filter(Files::isRegularFile).sorted()::iterator) {
                String relative = folder.relativize(path).toString();
                if (!NOT_TAKEN.contains(relative) && !path.getFileName().toString().startsWith(".")) {
                    files.put(relative, path);
                }
            }
        }
        eachPath(definition, text -> {
            Path path = Path.of(text);
            if (!path.isAbsolute() || !Files.isRegularFile(path)) {
                return text;
            }
            String taken = path.getFileName().toString();
            for (int i = 2; files.containsKey(taken) && !files.get(taken).equals(path); i++) {
                taken = i + "-" + path.getFileName();
            }
            files.put(taken, path);
            return taken;
        });
        long bytes = 0;
        for (Path path : files.values()) {
            bytes += Files.size(path);
        }
        return new Parts(definition, files, bytes);
    }

    /** Replaces every text of a tree that may be a path. */
    private static void eachPath(JsonNode node, UnaryOperator<String> change) {
        if (node instanceof ObjectNode object) {
            object.properties().forEach(field -> {
                if (NO_PATHS.contains(field.getKey())) {
                    return;
                }
                if (field.getValue().isString()) {
                    object.put(field.getKey(), changed(field.getValue().stringValue(), change));
                } else {
                    eachPath(field.getValue(), change);
                }
            });
        } else if (node instanceof ArrayNode array) {
            for (int i = 0; i < array.size(); i++) {
                if (array.get(i).isString()) {
                    array.set(i, changed(array.get(i).stringValue(), change));
                } else {
                    eachPath(array.get(i), change);
                }
            }
        }
    }

    private static String changed(String text, UnaryOperator<String> change) {
        try {
            return change.apply(text);
        } catch (InvalidPathException e) {
            return text;
        }
    }

    /** Refuses a packed definition that names files of this host: a guest could be made to read or write them. */
    private static void insideOnly(Path file, ObjectNode definition) throws Failure {
        String[] outside = new String[1];
        eachPath(definition, text -> {
            Path path = Path.of(text);
            if (path.isAbsolute() || path.normalize().startsWith("..")) {
                outside[0] = text;
            }
            return text;
        });
        if (outside[0] != null) {
            throw bad(file, outside[0]);
        }
    }

    private static Path inside(Path file, Path folder, String name) throws Failure {
        Path target;
        try {
            target = folder.resolve(name).normalize();
        } catch (InvalidPathException e) {
            throw bad(file, name);
        }
        if (Path.of(name).isAbsolute() || !target.startsWith(folder) || target.equals(folder)
                || NOT_TAKEN.contains(folder.relativize(target).toString())) {
            throw bad(file, name);
        }
        return target;
    }

    private static TarArchiveInputStream open(Path file) throws IOException, Failure {
        InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 18);
        try {
            return new TarArchiveInputStream(new GZIPInputStream(in, 1 << 16));
        } catch (IOException e) {
            in.close();
            throw bad(file, "gzip");
        }
    }

    private static ObjectNode definition(Path file, TarArchiveInputStream in) throws IOException, Failure {
        TarArchiveEntry first = in.getNextEntry();
        if (first == null || !first.getName().equals(DEFINITION) || first.getSize() > MAX_DEFINITION) {
            throw bad(file, DEFINITION);
        }
        try {
            if (MAPPER.readTree(in.readNBytes((int) first.getSize())) instanceof ObjectNode definition) {
                return definition;
            }
        } catch (JacksonException e) {
            throw new Failure(Failure.Kind.BAD_INPUT, Text.of("transfer.bad", file, DEFINITION), e);
        }
        throw bad(file, DEFINITION);
    }

    private static void entry(TarArchiveOutputStream out, String name, long size) throws IOException {
        TarArchiveEntry entry = new TarArchiveEntry(name);
        entry.setSize(size);
        entry.setMode(0100600);
        out.putArchiveEntry(entry);
    }

    private static void pump(InputStream in, OutputStream out, Meter meter) throws IOException, Failure {
        byte[] block = new byte[BLOCK];
        for (int length = in.read(block); length >= 0; length = in.read(block)) {
            out.write(block, 0, length);
            meter.add(length);
        }
    }

    /** Writes a file whose empty blocks take no space; refuses what the disk has no room for. */
    private static void writeSparse(InputStream in, Path target, long size, long room, Meter meter)
            throws IOException, Failure {
        long written = 0;
        long at = 0;
        byte[] block = new byte[BLOCK];
        try (RandomAccessFile file = new RandomAccessFile(target.toFile(), "rw")) {
            for (int length = in.readNBytes(block, 0, BLOCK); length > 0; length = in.readNBytes(block, 0, BLOCK)) {
                if (!isEmpty(block, length)) {
                    written += length;
                    if (written > room) {
                        throw new Failure(Failure.Kind.HOST, Text.of("transfer.room", target.getParent(), room >> 20));
                    }
                    file.seek(at);
                    file.write(block, 0, length);
                }
                at += length;
                meter.add(length);
            }
            if (at != size) {
                throw new IOException("cut off: %d of %d bytes".formatted(at, size));
            }
            file.setLength(size);
            file.getFD().sync();
        }
    }

    private static boolean isEmpty(byte[] block, int length) {
        for (int i = 0; i < length; i++) {
            if (block[i] != 0) {
                return false;
            }
        }
        return true;
    }

    private static Failure bad(Path file, String what) {
        return new Failure(Failure.Kind.BAD_INPUT, Text.of("transfer.bad", file, what));
    }

    private static Failure unusable(Path path, IOException e) {
        return new Failure(Failure.Kind.HOST, Text.of("folder.unusable", path, Reasons.of(e)), e);
    }

    private static void deleteQuietly(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            System.getLogger(VmTransfers.class.getName()).log(System.Logger.Level.WARNING, "left behind: " + file, e);
        }
    }

    private static void discard(Path folder) {
        try (Stream<Path> tree = Files.walk(folder)) {
            tree.sorted(java.util.Comparator.reverseOrder()).forEach(VmTransfers::deleteQuietly);
        } catch (IOException e) {
            System.getLogger(VmTransfers.class.getName()).log(System.Logger.Level.WARNING, "left behind: " + folder, e);
        }
    }

    /** Disks are mostly empty or incompressible: speed counts for more than the last per cent. */
    private static final class QuickGzip extends GZIPOutputStream {
        QuickGzip(OutputStream out) throws IOException {
            super(out, BLOCK);
            def.setLevel(Deflater.BEST_SPEED);
        }
    }

    /** Tells how far it is, ten times a second, and hears that it was cancelled. */
    private static final class Meter {
        private static final long PERIOD = 100_000_000L;

        private final Progress progress;
        private final String key;
        private final String name;
        private final long total;
        private final long begin = System.nanoTime();
        private long done;
        private long told;

        Meter(Progress progress, String key, String name, long total) {
            this.progress = progress;
            this.key = key;
            this.name = name;
            this.total = total;
        }

        void add(int bytes) throws Failure {
            done += bytes;
            if (Thread.currentThread().isInterrupted()) {
                throw new Failure(Failure.Kind.STATE, Text.of("interrupted"));
            }
            long now = System.nanoTime();
            if (now - told >= PERIOD) {
                told = now;
                long perSecond = (long) (done / Math.max(0.1, (now - begin) / 1e9));
                progress.at(Text.of(key, name, done >> 20, perSecond >> 20), total > 0 ? (double) done / total : -1);
            }
        }
    }
}
