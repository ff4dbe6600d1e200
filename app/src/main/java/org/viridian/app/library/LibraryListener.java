package org.viridian.app.library;

/** Is told that something in the library changed. Called on any thread, with no lock held; must not block. */
@FunctionalInterface
public interface LibraryListener {
    /** A VM was made, changed, deleted, started or ended, here or in another process; {@code name} says which. */
    void changed(String name);
}
