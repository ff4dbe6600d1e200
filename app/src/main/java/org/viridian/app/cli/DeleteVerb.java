package org.viridian.app.cli;

import java.nio.file.Path;
import java.util.List;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Deletes a VM, after saying what that means. */
@Command(name = "delete")
final class DeleteVerb extends Verb {
    @Parameters(paramLabel = "NAME", descriptionKey = "name")
    String name;

    @Option(names = "--yes")
    boolean yes;

    DeleteVerb(Session session) {
        super(session);
    }

    @Override
    int perform() throws Failure {
        List<Path> files = library().deletionPlan(name);
        if (yes) {
            library().delete(name);
        }
        if (json) {
            ObjectNode node = Output.done(name).put("deleted", yes);
            ArrayNode list = node.putArray("files");
            files.forEach(file -> list.add(file.toString()));
            output().json(node);
        } else if (yes) {
            output().line(Text.of("cli.deleted", name).toString());
        } else {
            output().line(Text.of("cli.delete.plan", name).toString());
            files.forEach(file -> output().line("  " + file));
            output().line(Text.of("cli.delete.confirm").toString());
        }
        return 0;
    }
}
