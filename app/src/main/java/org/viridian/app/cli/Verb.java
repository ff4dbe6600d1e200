package org.viridian.app.cli;

import java.util.concurrent.Callable;
import org.viridian.app.library.Library;
import org.viridian.app.text.Failure;
import picocli.CommandLine.Option;

/** What every verb shares: {@code --json}, {@code --help}, the library, and how a failure becomes an exit code. */
abstract class Verb implements Callable<Integer> {
    @Option(names = "--json")
    boolean json;

    @Option(names = {"-h", "--help"}, usageHelp = true)
    boolean help;

    private final Session session;

    Verb(Session session) {
        this.session = session;
    }

    /** Does the work; returns the exit code. */
    abstract int perform() throws Failure, InterruptedException;

    final Output output() {
        return session.output();
    }

    final Library library() {
        return session.library();
    }

    final Session session() {
        return session;
    }

    @Override
    public final Integer call() {
        try {
            return perform();
        } catch (Failure e) {
            return output().failed(json, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 130;
        }
    }
}
