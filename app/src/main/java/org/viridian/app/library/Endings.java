package org.viridian.app.library;

import org.viridian.app.machine.Ending;
import org.viridian.app.text.Text;

/** Words for how a machine ended. */
public final class Endings {
    private Endings() {}

    /** One sentence. */
    public static Text text(Ending ending) {
        return switch (ending) {
            case Ending.PoweredOff off -> Text.of("ending.off", off.reason());
            case Ending.TurnedOff off -> Text.of("ending.turned-off");
            case Ending.DebugExit exit -> Text.of("ending.debug", exit.status());
            case Ending.Failed failed -> Text.of("ending.failed", failed.reason());
        };
    }
}
