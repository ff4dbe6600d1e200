package org.viridian.devices.emulated.ide;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.viridian.devices.storage.DiskImage;

/** A disk image in the heap that counts flushes, can fail, and can be held up. */
final class MemoryDisk implements DiskImage {
    final byte[] content;
    final AtomicInteger flushes = new AtomicInteger();
    volatile boolean failing;
    volatile CountDownLatch gate = new CountDownLatch(0);

    MemoryDisk(int bytes) {
        content = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            content[i] = (byte) (i >> 9 ^ i * 7);
        }
    }

    private void pass() throws IOException {
        try {
            gate.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        if (failing) {
            throw new IOException("the test wants it so");
        }
    }

    @Override
    public long size() {
        return content.length;
    }

    @Override
    public boolean readOnly() {
        return false;
    }

    @Override
    public String location() {
        return "memory";
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        pass();
        target.copyFrom(MemorySegment.ofArray(content).asSlice(offset, target.byteSize()));
    }

    @Override
    public void write(long offset, MemorySegment source) throws IOException {
        pass();
        MemorySegment.ofArray(content).asSlice(offset, source.byteSize()).copyFrom(source);
    }

    @Override
    public void flush() throws IOException {
        pass();
        flushes.incrementAndGet();
    }

    @Override
    public void close() {}
}
