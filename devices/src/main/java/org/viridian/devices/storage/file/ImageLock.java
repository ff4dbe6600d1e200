package org.viridian.devices.storage.file;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.viridian.devices.storage.ImageException;

/**
 * One writer or any number of readers of a file: inside this process by a table, against other processes by locks on the
 * open file description. The locked bytes are QEMU's (block/file-posix.c: byte 100 + n says that permission n is used,
 * byte 200 + n that it is not shared), so QEMU and its tools respect our locks and we theirs.
 */
final class ImageLock {
    private static final long USED = 100;
    private static final long UNSHARED = 200;
    /** Permission numbers: consistent read, write, resize. */
    private static final int READ = 0;
    private static final int WRITE = 1;
    private static final int RESIZE = 3;
    private static final int WRITER = -1;
    /** Files open in this process: file key → number of readers, or {@link #WRITER}. */
    private static final Map<Object, Integer> OPEN = new HashMap<>();

    private ImageLock() {}

    static void claim(Path file, Object key, boolean readOnly) throws ImageException {
        synchronized (OPEN) {
            int users = OPEN.getOrDefault(key, 0);
            if (users == WRITER || !readOnly && users > 0) {
                throw ImageException.inUse(file, "another virtual machine");
            }
            OPEN.put(key, readOnly ? users + 1 : WRITER);
        }
    }

    static void release(Object key) {
        synchronized (OPEN) {
            int users = OPEN.get(key);
            if (users == WRITER || users == 1) {
                OPEN.remove(key);
            } else {
                OPEN.put(key, users - 1);
            }
        }
    }

    /** Locks an open file until its descriptor closes. A file system without such locks is used unlocked. */
    static void lock(int fd, Path file, boolean readOnly) throws ImageException {
        int[] used = readOnly ? new int[] {READ} : new int[] {READ, WRITE, RESIZE};
        int[] unshared = readOnly ? new int[] {WRITE, RESIZE} : new int[] {READ, WRITE, RESIZE};
        boolean good = true;
        for (int permission : used) {
            good &= take(fd, file, USED + permission);
        }
        for (int permission : unshared) {
            good &= take(fd, file, UNSHARED + permission);
        }
        // After the own locks, so that of two that come at once at least one sees the other.
        for (int permission : used) {
            good &= !FileCalls.lockedByOthers(fd, UNSHARED + permission);
        }
        for (int permission : unshared) {
            good &= !FileCalls.lockedByOthers(fd, USED + permission);
        }
        if (!good) {
            throw ImageException.inUse(file, "another program");
        }
    }

    private static boolean take(int fd, Path file, long offset) {
        if (FileCalls.lockByte(fd, offset)) {
            return true;
        }
        int errno = FileCalls.errno();
        if (errno == FileCalls.EAGAIN || errno == FileCalls.EACCES) {
            return false;
        }
        System.getLogger("org.viridian.devices.storage").log(System.Logger.Level.WARNING,
                "{0} cannot be locked (error {1}); take care that nothing else uses it", file, errno);
        return true;
    }
}
