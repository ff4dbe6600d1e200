package org.viridian.app.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.viridian.app.library.DiskFiles;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;
import org.viridian.devices.storage.CheckReport;
import org.viridian.devices.storage.ImageFormat;
import org.viridian.devices.storage.tools.ImageInfo;
import org.viridian.devices.storage.tools.ImageTools;
import org.viridian.devices.storage.tools.Monitor;
import org.viridian.devices.storage.tools.NewImage;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code viridian disk}: making, changing, copying and checking disk images that no VM uses at that moment. */
final class DiskVerbs {
    private DiskVerbs() {}

    /** The group, with its verbs. */
    static CommandLine group(Session session) {
        CommandLine group = new CommandLine(new Group(session));
        for (Verb verb : new Verb[] {new Create(session), new Info(session), new Resize(session), new Convert(session), new Compact(session),
            new Check(session)}) {
            group.addSubcommand(verb);
        }
        return group;
    }

    /** Without a verb it shows which there are. */
    @Command(name = "disk")
    static final class Group extends Verb {
        @CommandLine.Spec
        CommandLine.Model.CommandSpec spec;

        Group(Session session) {
            super(session);
        }

        @Override
        int perform() throws Failure {
            throw new Failure(Failure.Kind.USAGE, Text.of("cli.disk.verb", String.join(", ", spec.subcommands().keySet())));
        }
    }

    /** A verb on an image. */
    private abstract static class OnImage extends Verb {
        @Parameters(index = "0", paramLabel = "FILE", descriptionKey = "image")
        Path file;

        @Option(names = {"-f", "--format"}, paramLabel = "raw|vhd|vhdx|qcow2", descriptionKey = "image-format")
        String format;

        OnImage(Session session) {
            super(session);
        }

        abstract int act() throws IOException, Failure;

        final Optional<ImageFormat> stated() throws Failure {
            return format == null ? Optional.empty() : Optional.of(format(format));
        }

        @Override
        final int perform() throws Failure {
            try {
                return act();
            } catch (IOException e) {
                throw DiskFiles.failure(e);
            }
        }

        final ObjectNode done() {
            return Output.MAPPER.createObjectNode().put("ok", true).put("file", file.toString());
        }

        /** Progress on standard error. Ctrl-C ends the process; what a job has begun is whole at any moment. */
        final Monitor monitor(String key) {
            var progress = output().progress();
            return fraction -> progress.at(Text.of(key, file), fraction);
        }
    }

    private static ImageFormat format(String word) throws Failure {
        return ImageFormat.of(word).orElseThrow(() -> new Failure(Failure.Kind.USAGE, Text.of("cli.disk.format", word)));
    }

    /** What a new image is like. */
    static final class Shape {
        @Option(names = "--fixed", descriptionKey = "image-fixed")
        boolean fixed;

        @Option(names = "--sector", paramLabel = "512|4096", defaultValue = "512", descriptionKey = "image-sector")
        int sector;

        @Option(names = "--unit", paramLabel = "SIZE", defaultValue = "0", descriptionKey = "image-unit")
        String unit;

        @Option(names = "--zstd", descriptionKey = "image-zstd")
        boolean zstd;

        @Option(names = "--qcow2-version", paramLabel = "2|3", defaultValue = "3", descriptionKey = "image-version")
        int version;

        NewImage image(ImageFormat format, long size, Optional<Path> parent, Optional<ImageFormat> parentFormat, boolean compress)
                throws Failure {
            if (sector != 512 && sector != 4096 || version != 2 && version != 3) {
                throw new Failure(Failure.Kind.USAGE, Text.of("cli.disk.shape"));
            }
            return new NewImage(format, size, fixed, parent, parentFormat, sector, (int) Values.bytes(unit), compress, zstd, version);
        }
    }

    /** Makes an image. */
    @Command(name = "create")
    static final class Create extends OnImage {
        @Parameters(index = "1", arity = "0..1", paramLabel = "SIZE", descriptionKey = "image-size")
        String size;

        @Option(names = {"-b", "--parent"}, paramLabel = "FILE", descriptionKey = "image-parent")
        Path parent;

        @Option(names = {"-F", "--parent-format"}, paramLabel = "raw|vhd|vhdx|qcow2", descriptionKey = "image-format")
        String parentFormat;

        @CommandLine.Mixin
        Shape shape;

        Create(Session session) {
            super(session);
        }

        @Override
        int act() throws IOException, Failure {
            if (size == null && parent == null) {
                throw new Failure(Failure.Kind.USAGE, Text.of("cli.disk.size"));
            }
            ImageFormat kind = format != null ? format(format) : ImageFormat.forName(file.toString());
            NewImage image = shape.image(kind, size == null ? 0 : Values.bytes(size), Optional.ofNullable(parent),
                    parentFormat == null ? Optional.empty() : Optional.of(format(parentFormat)), false);
            ImageTools.create(file, image);
            output().result(json, done().put("format", kind.word()), Text.of("cli.disk.created", file, kind.word()));
            return 0;
        }
    }

    /** Facts. */
    @Command(name = "info")
    static final class Info extends OnImage {
        Info(Session session) {
            super(session);
        }

        @Override
        int act() throws IOException, Failure {
            ImageInfo info = ImageTools.info(file, stated());
            if (json) {
                ObjectNode node = done().put("format", info.format().word()).put("variant", info.variant()).put("size", info.size())
                        .put("fileSize", info.fileSize()).put("allocated", info.allocated()).put("logicalSector", info.logicalSector())
                        .put("physicalSector", info.physicalSector()).put("unit", info.unit()).put("unclean", info.unclean());
                ArrayNode chain = node.putArray("chain");
                info.chain().forEach(chain::add);
                output().json(node);
                return 0;
            }
            output().line(Text.of("disk.info.format", info.format().word(), info.variant()).toString());
            output().line(Text.of("disk.info.size", info.size(), info.logicalSector(), info.physicalSector()).toString());
            output().line(Text.of("disk.info.file", info.fileSize(), info.allocated()).toString());
            if (info.unit() > 0) {
                output().line(Text.of("disk.info.unit", info.unit()).toString());
            }
            info.chain().forEach(below -> output().line(Text.of("disk.info.over", below).toString()));
            if (info.unclean()) {
                output().line(Text.of("disk.info.unclean").toString());
            }
            return 0;
        }
    }

    /** Changes the size. */
    @Command(name = "resize")
    static final class Resize extends OnImage {
        @Parameters(index = "1", paramLabel = "SIZE", descriptionKey = "image-size")
        String size;

        @Option(names = "--shrink", descriptionKey = "image-shrink")
        boolean shrink;

        Resize(Session session) {
            super(session);
        }

        @Override
        int act() throws IOException, Failure {
            long bytes = Values.bytes(size);
            ImageTools.resize(file, stated(), bytes, shrink);
            output().result(json, done().put("size", bytes), Text.of("cli.disk.resized", file, bytes));
            return 0;
        }
    }

    /** Copies into another format. */
    @Command(name = "convert")
    static final class Convert extends OnImage {
        @Parameters(index = "1", paramLabel = "TARGET", descriptionKey = "image-target")
        Path target;

        @Option(names = {"-O", "--target-format"}, paramLabel = "raw|vhd|vhdx|qcow2", descriptionKey = "image-format")
        String targetFormat;

        @Option(names = {"-c", "--compress"}, descriptionKey = "image-compress")
        boolean compress;

        @CommandLine.Mixin
        Shape shape;

        Convert(Session session) {
            super(session);
        }

        @Override
        int act() throws IOException, Failure {
            ImageFormat kind = targetFormat != null ? format(targetFormat) : ImageFormat.forName(target.toString());
            ImageTools.convert(file, stated(), target, shape.image(kind, 0, Optional.empty(), Optional.empty(), compress || shape.zstd),
                    monitor("cli.disk.converting"));
            output().result(json, done().put("target", target.toString()).put("format", kind.word()),
                    Text.of("cli.disk.converted", file, target, kind.word()));
            return 0;
        }
    }

    /** Gives space back. */
    @Command(name = "compact")
    static final class Compact extends OnImage {
        Compact(Session session) {
            super(session);
        }

        @Override
        int act() throws IOException, Failure {
            long before = ImageTools.info(file, stated()).allocated();
            ImageTools.compact(file, stated(), monitor("cli.disk.compacting"));
            long after = ImageTools.info(file, stated()).allocated();
            output().result(json, done().put("before", before).put("after", after), Text.of("cli.disk.compacted", file, before, after));
            return 0;
        }
    }

    /** Looks for damage. */
    @Command(name = "check")
    static final class Check extends OnImage {
        @Option(names = "--repair", descriptionKey = "image-repair")
        boolean repair;

        Check(Session session) {
            super(session);
        }

        @Override
        int act() throws IOException, Failure {
            CheckReport report = ImageTools.check(file, stated(), repair);
            if (json) {
                ObjectNode node = Output.MAPPER.createObjectNode().put("ok", report.clean()).put("file", file.toString())
                        .put("leaks", report.leaks()).put("repaired", report.repaired());
                ArrayNode errors = node.putArray("errors");
                report.errors().forEach(errors::add);
                output().json(node);
                return report.clean() ? 0 : Failure.Kind.BAD_INPUT.exitCode();
            }
            report.errors().forEach(output()::line);
            if (!report.clean()) {
                throw new Failure(Failure.Kind.BAD_INPUT, Text.of("cli.disk.damaged", file, report.errors().size(), report.leaks()));
            }
            output().line(Text.of(report.repaired() ? "cli.disk.repaired" : "cli.disk.clean", file).toString());
            return 0;
        }
    }
}
