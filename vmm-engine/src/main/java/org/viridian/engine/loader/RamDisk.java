package org.viridian.engine.loader;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.viridian.engine.memory.GuestMemory;

/**
 * An initial RAM disk on the host, checked to be whole. Read from the file each time it is loaded.
 *
 * @param file where it is
 * @param size bytes
 */
public record RamDisk(Path file, long size) {
    private static final String WHAT = "initial RAM disk";
    /** It must fit below 4 GiB together with the kernel. */
    private static final long MAX_SIZE = 2L << 30;

    /** Opens a RAM disk and looks through it: a truncated one would only fail deep inside the guest. */
    public static RamDisk open(Path file) throws LoaderException {
        long size = HostFile.size(file, WHAT);
        if (size == 0) {
            throw new LoaderException("The initial RAM disk %s is empty; build it again.".formatted(file));
        }
        if (size > MAX_SIZE) {
            throw new LoaderException("The initial RAM disk %s is %d MiB; at most %d MiB fit."
                    .formatted(file, size >> 20, MAX_SIZE >> 20));
        }
        RamDiskCheck.check(file);
        return new RamDisk(file, size);
    }

    /** A file given to a kernel as it is, such as a multiboot module: nothing is known of its format. */
    public static RamDisk module(Path file) throws LoaderException {
        return new RamDisk(file, HostFile.size(file, "module"));
    }

    void load(GuestMemory memory, long address) throws LoaderException {
        if (size == 0) {
            return;
        }
        if (!memory.isRam(address, size)) {
            throw new LoaderException("The %s %s has no place in this VM's memory; give the VM more memory.".formatted(WHAT, file));
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer target = memory.slice(address, size).asByteBuffer();
            while (target.hasRemaining()) {
                if (channel.read(target) < 0) {
                    throw new LoaderException("The %s %s became shorter while it was read; start the VM again.".formatted(WHAT, file));
                }
            }
        } catch (IOException e) {
            throw HostFile.failure(file, WHAT, e);
        }
        memory.wrote(address, size);
    }
}
