package org.viridian.app.command;

import java.util.Optional;
import org.viridian.app.library.Library;
import org.viridian.app.text.Failure;

/**
 * Opens the workstation's windows. Provided by the UI as a service, so that the command core does not load JavaFX for
 * {@code viridian list}.
 */
public interface Windows {
    /** What the window does once it is open. */
    sealed interface Opening {
        /** Shows the library. */
        record Main() implements Opening {}

        /** Shows a VM's console and starts the VM. */
        record Start(String name) implements Opening {}

        /** Opens Quick Create with Debian 12 selected. */
        record QuickCreate() implements Opening {}
    }

    /**
     * Shows the windows and returns when the last one has been closed. Called once, on the main thread, after the
     * display has been probed.
     *
     * @return the process exit code
     */
    int open(Library library, Opening opening) throws Failure;

    /** Why no window can be opened here (no display, a library missing), or empty when one can. Does not start JavaFX. */
    Optional<org.viridian.app.text.Text> obstacle();
}
