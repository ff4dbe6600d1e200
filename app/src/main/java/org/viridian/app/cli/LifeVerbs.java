package org.viridian.app.cli;

import org.viridian.app.library.VmSession;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The verbs that change what a running VM does. */
final class LifeVerbs {
    private LifeVerbs() {}

    /** A verb about one running VM. */
    abstract static class OnRunning extends Verb {
        @Parameters(paramLabel = "NAME", descriptionKey = "name")
        String name;

        OnRunning(Session session) {
            super(session);
        }

        abstract Text act(VmSession vm) throws Failure, InterruptedException;

        @Override
        final int perform() throws Failure, InterruptedException {
            try (VmSession vm = library().session(name)) {
                Text text = act(vm);
                output().result(json, Output.done(name), text);
                return 0;
            }
        }
    }

    /** Asks the guest to power off, and waits. */
    @Command(name = "stop")
    static final class Stop extends OnRunning {
        @Option(names = "--timeout", paramLabel = "SECONDS", defaultValue = "120")
        int timeout;

        Stop(Session session) {
            super(session);
        }

        @Override
        Text act(VmSession vm) throws Failure, InterruptedException {
            if (!vm.shutDown()) {
                throw new Failure(Failure.Kind.STATE, Text.of("cli.stop.deaf", name));
            }
            output().remark(Text.of("cli.stopping", name));
            if (!vm.awaitEnd(1000L * timeout)) {
                throw new Failure(Failure.Kind.TIMEOUT, Text.of("cli.stop.timeout", name, timeout));
            }
            return Text.of("cli.stopped", name);
        }
    }

    /** Turns off at once. */
    @Command(name = "kill")
    static final class Kill extends OnRunning {
        Kill(Session session) {
            super(session);
        }

        @Override
        Text act(VmSession vm) throws Failure {
            vm.kill();
            return Text.of("cli.killed", name);
        }
    }

    /** Lets it stand still. */
    @Command(name = "pause")
    static final class Pause extends OnRunning {
        Pause(Session session) {
            super(session);
        }

        @Override
        Text act(VmSession vm) throws Failure {
            vm.pause();
            return Text.of("cli.paused", name);
        }
    }

    /** Lets it go on. */
    @Command(name = "resume")
    static final class Resume extends OnRunning {
        Resume(Session session) {
            super(session);
        }

        @Override
        Text act(VmSession vm) throws Failure {
            vm.resume();
            return Text.of("cli.resumed", name);
        }
    }

    /** Presses reset. */
    @Command(name = "reset")
    static final class Reset extends OnRunning {
        Reset(Session session) {
            super(session);
        }

        @Override
        Text act(VmSession vm) throws Failure {
            vm.reset();
            return Text.of("cli.reset", name);
        }
    }
}
