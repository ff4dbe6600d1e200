package org.viridian.app.cli;

import java.nio.file.Path;
import org.viridian.app.library.VmTransfers;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Whole VMs: copied, renamed, packed into a file, unpacked from one. */
final class TransferVerbs {
    private TransferVerbs() {}

    /** {@code clone NAME COPY}. */
    @Command(name = "clone")
    static final class Clone extends Verb {
        @Parameters(index = "0", paramLabel = "NAME", descriptionKey = "name")
        String name;

        @Parameters(index = "1", paramLabel = "COPY")
        String copy;

        Clone(Session session) {
            super(session);
        }

        @Override
        int perform() throws Failure {
            library().transfers().clone(name, copy, output().progress());
            output().result(json, Output.done(copy).put("from", name), Text.of("cli.cloned", name, copy));
            return 0;
        }
    }

    /** {@code rename NAME NEW}. */
    @Command(name = "rename")
    static final class Rename extends Verb {
        @Parameters(index = "0", paramLabel = "NAME", descriptionKey = "name")
        String name;

        @Parameters(index = "1", paramLabel = "NEW")
        String next;

        Rename(Session session) {
            super(session);
        }

        @Override
        int perform() throws Failure {
            library().transfers().rename(name, next);
            output().result(json, Output.done(next).put("from", name), Text.of("cli.renamed", name, next));
            return 0;
        }
    }

    /** {@code export NAME FILE}. */
    @Command(name = "export")
    static final class Export extends Verb {
        @Parameters(index = "0", paramLabel = "NAME", descriptionKey = "name")
        String name;

        @Parameters(index = "1", paramLabel = "FILE" + VmTransfers.ENDING)
        Path file;

        Export(Session session) {
            super(session);
        }

        @Override
        int perform() throws Failure {
            library().transfers().export(name, file.toAbsolutePath(), output().progress());
            output().result(json, Output.done(name).put("file", file.toAbsolutePath().toString()),
                    Text.of("cli.exported", name, file.toAbsolutePath()));
            return 0;
        }
    }

    /** {@code import FILE [NAME]}. */
    @Command(name = "import")
    static final class Import extends Verb {
        @Parameters(index = "0", paramLabel = "FILE" + VmTransfers.ENDING)
        Path file;

        @Parameters(index = "1", arity = "0..1", paramLabel = "NAME", descriptionKey = "name")
        String name;

        Import(Session session) {
            super(session);
        }

        @Override
        int perform() throws Failure {
            String as = name == null ? library().transfers().nameIn(file) : name;
            library().transfers().importFrom(file, as, output().progress());
            output().result(json, Output.done(as).put("file", file.toAbsolutePath().toString()),
                    Text.of("cli.imported", as));
            return 0;
        }
    }
}
