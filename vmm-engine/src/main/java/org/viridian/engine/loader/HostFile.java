package org.viridian.engine.loader;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reading a file of the user's, with the reasons for failure in plain words. */
final class HostFile {
    private HostFile() {}

    /**
     * The size of a readable regular file.
     *
     * @param what how the user knows the file: "kernel", "initial RAM disk"
     */
    static long size(Path file, String what) throws LoaderException {
        try {
            if (Files.isDirectory(file)) {
                throw new LoaderException("The %s %s is a directory; name a file.".formatted(what, file));
            }
            long size = Files.size(file);
            if (!Files.isReadable(file)) {
                throw new LoaderException("The %s %s cannot be read: permission denied; make it readable for you.".formatted(what, file));
            }
            return size;
        } catch (IOException e) {
            throw failure(file, what, e);
        }
    }

    static byte[] read(Path file, String what, long limit) throws LoaderException {
        long size = size(file, what);
        if (size > limit) {
            throw new LoaderException("The %s %s is %d MiB, more than the %d MiB a %s can be."
                    .formatted(what, file, size >> 20, limit >> 20, what));
        }
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw failure(file, what, e);
        }
    }

    static LoaderException failure(Path file, String what, IOException e) {
        return switch (e) {
            case NoSuchFileException missing ->
                new LoaderException("The %s %s does not exist; check the path.".formatted(what, file), missing);
            case AccessDeniedException denied ->
                new LoaderException("The %s %s cannot be read: permission denied; make it readable for you.".formatted(what, file), denied);
            default -> new LoaderException("The %s %s cannot be read: %s.".formatted(what, file, e.getMessage()), e);
        };
    }
}
