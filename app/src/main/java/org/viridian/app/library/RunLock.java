package org.viridian.app.library;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.viridian.app.definition.Reasons;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;

/**
 * The right to run a VM: a lock on the file {@code lock} in its folder. The kernel lets go of it when the process dies,
 * however it dies, so it is never stale; the process id inside is only for the message.
 */
final class RunLock implements AutoCloseable {
    private final FileChannel channel;
    private final FileLock lock;

    private RunLock(FileChannel channel, FileLock lock) {
        this.channel = channel;
        this.lock = lock;
    }

    static RunLock take(String name, Path folder) throws Failure {
        Path file = folder.resolve("lock");
        FileChannel channel = null;
        try {
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = tryLock(channel);
            if (lock == null) {
                String holder = Files.readString(file).strip();
                channel.close();
                throw new Failure(Failure.Kind.STATE, Text.of("vm.running", name, holder.isEmpty() ? "?" : holder));
            }
            channel.truncate(0);
            channel.write(ByteBuffer.wrap(Long.toString(ProcessHandle.current().pid())
                    .getBytes(StandardCharsets.US_ASCII)));
            return new RunLock(channel, lock);
        } catch (IOException e) {
            closeQuietly(channel);
            throw new Failure(Failure.Kind.HOST, Text.of("folder.unusable", file, Reasons.of(e)), e);
        }
    }

    private static FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            // Another library of this same process holds it.
            return null;
        }
    }

    @Override
    public void close() {
        try {
            lock.release();
        } catch (IOException e) {
            System.getLogger(RunLock.class.getName()).log(System.Logger.Level.WARNING, "lock not released", e);
        }
        closeQuietly(channel);
    }

    private static void closeQuietly(FileChannel channel) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            System.getLogger(RunLock.class.getName()).log(System.Logger.Level.WARNING, "lock file not closed", e);
        }
    }
}
