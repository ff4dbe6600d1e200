package org.viridian.app.cli;

import org.viridian.app.library.Endings;
import org.viridian.app.machine.Ending;
import org.viridian.app.text.Failure;

/** Turns the end of a machine into an exit code and, when there is something to say, one line. */
final class EndOfRun {
    private EndOfRun() {}

    static int report(Output output, boolean json, String name, Ending ending) {
        int code = switch (ending) {
            case Ending.PoweredOff off -> 0;
            case Ending.TurnedOff off -> 0;
            case Ending.DebugExit exit -> exit.status();
            case Ending.Failed failed ->
                output.failed(json, new Failure(Failure.Kind.GUEST, Endings.text(failed)));
        };
        if (json && !(ending instanceof Ending.Failed)) {
            output.json(Output.done(name).put("exitCode", code).put("ending", Endings.text(ending).toString()));
        }
        return code;
    }
}
