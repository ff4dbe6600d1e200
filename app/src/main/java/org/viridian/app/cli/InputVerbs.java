package org.viridian.app.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.viridian.app.definition.AtomicFile;
import org.viridian.app.definition.Reasons;
import org.viridian.app.library.VmSession;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** The verbs that look at the screen and press keys. */
final class InputVerbs {
    private InputVerbs() {}

    /** Writes the screen to a PNG file. */
    @Command(name = "screenshot")
    static final class Screenshot extends LifeVerbs.OnRunning {
        @Parameters(paramLabel = "FILE.png", descriptionKey = "png")
        Path file;

        Screenshot(Session session) {
            super(session);
        }

        @Override
        Text act(VmSession vm) throws Failure {
            write(file, vm.screenshot());
            return Text.of("cli.shot", file);
        }

        static void write(Path file, byte[] png) throws Failure {
            try {
                AtomicFile.write(file.toAbsolutePath(), png);
            } catch (IOException e) {
                throw new Failure(Failure.Kind.HOST, Text.of("folder.unusable", file, Reasons.of(e)), e);
            }
        }
    }

    /** Types text. */
    @Command(name = "type")
    static final class Type extends LifeVerbs.OnRunning {
        @Parameters(paramLabel = "TEXT", descriptionKey = "text")
        String text;

        Type(Session session) {
            super(session);
        }

        @Override
        Text act(VmSession vm) throws Failure {
            vm.type(text.translateEscapes());
            return Text.of("cli.typed", name);
        }
    }

    /** Presses a combination. */
    @Command(name = "key")
    static final class Key extends LifeVerbs.OnRunning {
        @Parameters(paramLabel = "KEYS", descriptionKey = "keys")
        String keys;

        Key(Session session) {
            super(session);
        }

        @Override
        Text act(VmSession vm) throws Failure {
            vm.key(keys);
            return Text.of("cli.typed", name);
        }
    }
}
