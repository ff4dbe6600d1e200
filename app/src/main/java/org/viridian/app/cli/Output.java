package org.viridian.app.cli;

import java.io.PrintStream;
import java.util.Locale;
import org.viridian.app.library.ControlProtocol;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Progress;
import org.viridian.app.text.Text;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Where a command's words go. Results go to standard output, progress and failures to standard error; with
 * {@code --json} standard output holds JSON and nothing else.
 */
final class Output {
    static final JsonMapper MAPPER = JsonMapper.builder().build();

    private final PrintStream out;
    private final PrintStream err;
    private String lastProgress = "";

    Output(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    PrintStream out() {
        return out;
    }

    /** A line of a result. */
    void line(String text) {
        out.println(text);
        out.flush();
    }

    /** A sentence as result, or with {@code --json} the object that says the same. */
    void result(boolean json, ObjectNode object, Text text) {
        line(json ? object.toString() : text.toString());
    }

    void json(JsonNode node) {
        line(node.toString());
    }

    /** An object that begins with {@code "ok": true} and the VM's name. */
    static ObjectNode done(String name) {
        return MAPPER.createObjectNode().put("ok", true).put("name", name);
    }

    /** Progress on standard error, one line a step, so that it reads well in a log too. */
    Progress progress() {
        return (step, fraction) -> {
            String tenths = fraction < 0 ? "    " : "%3d%%".formatted((int) (fraction * 10) * 10);
            String line = "[" + tenths + "] " + step;
            if (!line.equals(lastProgress)) {
                lastProgress = line;
                err.println(line);
            }
        };
    }

    /** A remark on standard error. */
    void remark(Text text) {
        err.println(text);
    }

    /** One clear line for a failure, in both languages of the terminal: people and JSON. */
    int failed(boolean json, Failure failure) {
        if (json) {
            line(MAPPER.createObjectNode().put("ok", false).put("kind", ControlProtocol.word(failure.kind()))
                    .put("exitCode", failure.kind().exitCode())
                    .put("message", failure.text().in(Locale.getDefault())).toString());
        } else {
            err.println("viridian: " + failure.text());
        }
        return failure.kind().exitCode();
    }
}
