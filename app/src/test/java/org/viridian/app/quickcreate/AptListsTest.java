package org.viridian.app.quickcreate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.viridian.app.definition.Folders;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Progress;
import org.viridian.app.text.Text;

/** The system's lists of packages first, then lists of our own that need no privilege. */
class AptListsTest {
    @TempDir Path root;

    private Folders folders() {
        return new Folders(root.resolve("data"), root.resolve("cache"), root.resolve("run"));
    }

    @Test
    void theSystemsListsServeUntilOursAreFetched() throws Exception {
        List<List<String>> ran = new ArrayList<>();
        AptLists lists = new AptLists(folders(), ran::add);
        assertEquals(List.of("apt-cache", "depends", "linux"), lists.command("apt-cache", "depends", "linux"));
        assertFalse(lists.own());

        lists.refresh(Progress.NONE);
        assertTrue(lists.own());
        Path own = folders().packages().resolve("apt/lists");
        assertTrue(Files.isDirectory(own.resolve("partial")), "apt makes it only as root");
        assertEquals(1, ran.size());
        assertEquals("update", ran.getFirst().getLast());
        assertTrue(ran.getFirst().contains("Dir::State::Lists=" + own), ran.toString());
        List<String> next = lists.command("apt-get", "download", "linux");
        assertTrue(next.contains("Dir::State::Lists=" + own), next.toString());
        assertEquals("linux", next.getLast());
    }

    @Test
    void aFailedFetchIsTheUsersFailureAndIsNotRepeated() {
        AptLists lists = new AptLists(folders(), command -> {
            throw new Failure(Failure.Kind.HOST, Text.of("quick.offline", "apt-get update", "no network"));
        });
        assertEquals(Failure.Kind.HOST, assertThrows(Failure.class, () -> lists.refresh(Progress.NONE)).kind());
        assertTrue(lists.own());
    }
}
