package org.viridian.app.library;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.viridian.app.definition.Folders;

/**
 * Notices what other processes do to the library: looks once a second at the definitions' times and the sockets'
 * existence. A watch service would need one watch per VM folder and would still miss a process that was killed.
 */
final class LibraryWatch implements AutoCloseable {
    private static final long PERIOD_MILLIS = 1000;

    private final Folders folders;
    private final Consumer<String> changed;
    private Thread thread;

    LibraryWatch(Folders folders, Consumer<String> changed) {
        this.folders = folders;
        this.changed = changed;
    }

    synchronized void start() {
        if (thread == null) {
            Map<String, String> first = look();
            thread = Thread.ofVirtual().name("library-watch").start(() -> watch(first));
        }
    }

    @Override
    public synchronized void close() {
        if (thread != null) {
            thread.interrupt();
            thread = null;
        }
    }

    private void watch(Map<String, String> first) {
        Map<String, String> known = first;
        try {
            while (true) {
                Thread.sleep(PERIOD_MILLIS);
                Map<String, String> now = look();
                Set<String> names = new HashSet<>(known.keySet());
                names.addAll(now.keySet());
                for (String name : names) {
                    if (!java.util.Objects.equals(known.get(name), now.get(name))) {
                        changed.accept(name);
                    }
                }
                known = now;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Map<String, String> look() {
        Map<String, String> marks = new HashMap<>();
        ControlSockets sockets = new ControlSockets(folders.runtime(), folders.vms());
        try (Stream<Path> children = Files.list(folders.vms())) {
            for (Path folder : (Iterable<Path>) children::iterator) {
                String name = folder.getFileName().toString();
                Path file = folder.resolve("vm.json");
                if (Files.exists(file)) {
                    marks.put(name, Files.getLastModifiedTime(file) + "/" + Files.exists(sockets.of(name)));
                }
            }
        } catch (NoSuchFileException e) {
            return marks;
        } catch (IOException e) {
            System.getLogger(LibraryWatch.class.getName()).log(System.Logger.Level.DEBUG, "cannot look", e);
        }
        return marks;
    }
}
