package org.viridian.app.ui.model;

import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;

/**
 * Runs what may block on threads of its own and brings the outcome back to the thread of the windows.
 *
 * @param ui runs on the thread of the windows, such as {@code Platform::runLater}
 */
public record Background(Executor ui) {
    /** A job that may fail in a way the user is told. */
    @FunctionalInterface
    public interface Job<T> {
        /** Does it. */
        T run() throws Failure, InterruptedException;
    }

    /** A job without a result. */
    @FunctionalInterface
    public interface Action {
        /** Does it. */
        void run() throws Failure, InterruptedException;
    }

    /** Starts a job; one of the two is called on the windows' thread at its end, neither when interrupted. */
    public <T> Thread start(String name, Job<T> job, Consumer<T> done, Consumer<Failure> failed) {
        // Not a virtual thread: those share their carriers with the workers of the guests' devices.
        return Thread.ofPlatform().daemon().name(name).start(() -> {
            try {
                T result = job.run();
                ui.execute(() -> done.accept(result));
            } catch (Failure e) {
                ui.execute(() -> failed.accept(e));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                ui.execute(() -> failed.accept(new Failure(Failure.Kind.STATE, Text.of("interrupted"), e)));
            } catch (RuntimeException e) {
                System.getLogger(Background.class.getName()).log(System.Logger.Level.ERROR, name + " failed", e);
                ui.execute(() -> failed.accept(
                        new Failure(Failure.Kind.INTERNAL, Text.of("internal", e.toString()), e)));
            }
        });
    }

    /** Starts an action. */
    public Thread start(String name, Action action, Runnable done, Consumer<Failure> failed) {
        return this.<Boolean>start(name, () -> {
            action.run();
            return true;
        }, ignored -> done.run(), failed);
    }
}
