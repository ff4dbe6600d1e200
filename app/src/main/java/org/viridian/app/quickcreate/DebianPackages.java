package org.viridian.app.quickcreate;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.viridian.app.definition.Folders;
import org.viridian.app.definition.NewVm.Flavour;
import org.viridian.app.definition.Reasons;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Progress;
import org.viridian.app.text.Text;

/**
 * Debian's own package files in the cache; fetched by {@code apt-get download}, which checks them against the signed
 * archive, when they are not there.
 */
final class DebianPackages {
    private static final long STALL_SECONDS = 180;
    private static final Pattern URI_LINE = Pattern.compile("'[^']*' (\\S+) (\\d+)(?: .*)?");
    private static final Pattern VERSION_PART = Pattern.compile("\\d+|\\D+");

    private final Folders folders;
    private final AptLists apt;

    DebianPackages(Folders folders) {
        this.folders = folders;
        this.apt = new AptLists(folders, command -> run("apt-get update", command, Path.of("/"), true));
    }

    /** The kernel package of a flavour: the newest in the cache, else fetched. */
    Path kernel(Flavour flavour, Progress progress) throws Failure {
        String suffix = flavour == Flavour.CLOUD ? "-cloud-amd64" : "-amd64";
        Pattern file = Pattern.compile("linux-image-[0-9][0-9.+-]*" + suffix + "_[^_]+_amd64\\.deb");
        Optional<Path> cached = newest(file);
        if (cached.isPresent()) {
            return cached.get();
        }
        String meta = "linux-image" + suffix;
        requireApt(meta);
        return withFreshLists(progress, () -> download(kernelOf(meta), file, progress));
    }

    /** The static busybox. */
    Path busybox(Progress progress) throws Failure {
        Pattern file = Pattern.compile("busybox-static_[^_]+_amd64\\.deb");
        Optional<Path> cached = newest(file);
        if (cached.isPresent()) {
            return cached.get();
        }
        requireApt("busybox-static");
        return withFreshLists(progress, () -> download("busybox-static", file, progress));
    }

    private interface Fetching {
        Path fetch() throws Failure;
    }

    /** Tries with the system's lists of packages, then once more with lists of our own. */
    private Path withFreshLists(Progress progress, Fetching fetching) throws Failure {
        try {
            return fetching.fetch();
        } catch (Failure first) {
            if (apt.own() || first.kind() != Failure.Kind.HOST || Thread.currentThread().isInterrupted()) {
                throw first;
            }
            try {
                apt.refresh(progress);
            } catch (IOException e) {
                throw new Failure(Failure.Kind.HOST, Text.of("folder.unusable", folders.packages(), Reasons.of(e)), e);
            }
            return fetching.fetch();
        }
    }

    /** SeaBIOS with its video BIOSes. */
    Path seabios(Progress progress) throws Failure {
        Pattern file = Pattern.compile("seabios_[^_]+_all\\.deb");
        Optional<Path> cached = newest(file);
        if (cached.isPresent()) {
            return cached.get();
        }
        requireApt("seabios");
        return download("seabios", file, progress);
    }

    private Optional<Path> newest(Pattern file) throws Failure {
        if (!Files.isDirectory(folders.packages())) {
            return Optional.empty();
        }
        try (Stream<Path> files = Files.list(folders.packages())) {
            return files.filter(path -> file.matcher(path.getFileName().toString()).matches())
                    .max(Comparator.comparing(path -> path.getFileName().toString(), DebianPackages::compareVersions));
        } catch (IOException e) {
            throw new Failure(Failure.Kind.HOST,
                    Text.of("folder.unusable", folders.packages(), Reasons.of(e)), e);
        }
    }

    /** Numbers by value, the rest by letters: enough to put revisions of one package in order. */
    static int compareVersions(String a, String b) {
        Matcher left = VERSION_PART.matcher(a);
        Matcher right = VERSION_PART.matcher(b);
        while (true) {
            boolean more = left.find();
            if (!right.find()) {
                return more ? 1 : 0;
            }
            if (!more) {
                return -1;
            }
            String l = left.group();
            String r = right.group();
            int order = Character.isDigit(l.charAt(0)) && Character.isDigit(r.charAt(0))
                    ? new java.math.BigInteger(l).compareTo(new java.math.BigInteger(r))
                    : l.compareTo(r);
            if (order != 0) {
                return order;
            }
        }
    }

    private void requireApt(String packages) throws Failure {
        for (String folder : System.getenv().getOrDefault("PATH", "").split(":")) {
            if (!folder.isEmpty() && Files.isExecutable(Path.of(folder, "apt-get"))) {
                return;
            }
        }
        throw new Failure(Failure.Kind.HOST, Text.of("quick.noapt", folders.packages(), packages));
    }

    /** The package that a meta-package stands for today. */
    private String kernelOf(String meta) throws Failure {
        for (String line : run(meta, apt.command("apt-cache", "depends", "--important", meta), Path.of("/"), false)) {
            String text = line.strip();
            if (text.startsWith("Depends: linux-image-")) {
                return text.substring("Depends: ".length());
            }
        }
        throw new Failure(Failure.Kind.HOST, Text.of("quick.nopackage", meta));
    }

    private Path download(String name, Pattern file, Progress progress) throws Failure {
        progress.at(Text.of("quick.download", name), -1);
        Path incoming = null;
        try {
            Files.createDirectories(folders.packages());
            long expected = expectedSize(name);
            // Downloaded beside and moved in, so that a file in the cache is always a whole one.
            incoming = Files.createTempDirectory(folders.packages(), ".incoming");
            fetch(name, incoming, expected, progress);
            Path fetched;
            try (Stream<Path> files = Files.list(incoming)) {
                fetched = files.filter(path -> file.matcher(path.getFileName().toString()).matches()).findFirst()
                        .orElseThrow(() -> new Failure(Failure.Kind.HOST, Text.of("quick.nopackage", name)));
            }
            return Files.move(fetched, folders.packages().resolve(fetched.getFileName()),
                    StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new Failure(Failure.Kind.HOST, Text.of("folder.unusable", folders.packages(), Reasons.of(e)), e);
        } finally {
            discard(incoming);
        }
    }

    private long expectedSize(String name) throws Failure {
        for (String line : run(name, apt.command("apt-get", "download", "--print-uris", name), Path.of("/"), false)) {
            Matcher uri = URI_LINE.matcher(line);
            if (uri.matches()) {
                return Long.parseLong(uri.group(2));
            }
        }
        return 0;
    }

    private void fetch(String name, Path incoming, long expected, Progress progress) throws Failure, IOException {
        Path log = incoming.resolve("apt.log");
        Process process = new ProcessBuilder(apt.command("apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", name))
                .directory(incoming.toFile()).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        try {
            long last = -1;
            long lastChange = System.nanoTime();
            while (!process.waitFor(250, TimeUnit.MILLISECONDS)) {
                long now = sizeOf(incoming);
                if (now != last) {
                    last = now;
                    lastChange = System.nanoTime();
                    progress.at(Text.of("quick.download", name),
                            expected > 0 ? Math.min(1.0, (double) now / expected) : -1);
                } else if (System.nanoTime() - lastChange > TimeUnit.SECONDS.toNanos(STALL_SECONDS)) {
                    throw new Failure(Failure.Kind.HOST,
                            Text.of("quick.offline", name, "nothing came for " + STALL_SECONDS + " s"));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure(Failure.Kind.HOST, Text.of("interrupted"), e);
        } finally {
            process.destroy();
        }
        if (process.exitValue() != 0) {
            throw new Failure(Failure.Kind.HOST, Text.of("quick.offline", name, lastError(Files.readAllLines(log))));
        }
    }

    private static long sizeOf(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.mapToLong(file -> file.toFile().isFile() ? file.toFile().length() : 0).sum();
        }
    }

    private static String lastError(List<String> lines) {
        return lines.stream().filter(line -> line.startsWith("E: ")).map(line -> line.substring(3)).findFirst()
                .orElse(lines.isEmpty() ? "apt-get failed" : lines.getLast());
    }

    private List<String> run(String name, List<String> command, Path folder, boolean online) throws Failure {
        try {
            ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
            builder.environment().put("LC_ALL", "C");
            Process process = builder.start();
            List<String> lines = new ArrayList<>();
            try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
                out.lines().forEach(lines::add);
            }
            if (process.waitFor() != 0) {
                if (online) {
                    throw new Failure(Failure.Kind.HOST, Text.of("quick.offline", name, lastError(lines)));
                }
                throw new Failure(Failure.Kind.HOST, Text.of("quick.nopackage", name));
            }
            return lines;
        } catch (IOException e) {
            throw new Failure(Failure.Kind.HOST, Text.of("quick.noapt", folders.packages(), name), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure(Failure.Kind.HOST, Text.of("interrupted"), e);
        }
    }

    private static void discard(Path folder) {
        if (folder == null) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted().toList().reversed()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            System.getLogger(DebianPackages.class.getName()).log(System.Logger.Level.DEBUG, "left: " + folder, e);
        }
    }
}
