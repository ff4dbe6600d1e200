package org.viridian.engine.oracle;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** An {@link Oracle} in a child process that may do nothing but run the cases. Thread rule: one thread. */
public final class ProcessOracle implements Oracle {
    private static final int SHARED_BYTES = 0x400000;
    private static final int SLOT = 2560;
    private static final int BATCH = SHARED_BYTES / SLOT;
    private static final int RIP = 128;
    private static final int RFLAGS = 136;
    private static final int VECTOR = 144;
    private static final int ERROR = 152;
    private static final int ADDRESS = 160;
    private static final int CODE_AT = 192;
    private static final int CODE_SLOT = 64;
    private static final int FXSAVE = 256;
    private static final int FXSAVE_BYTES = 512;
    private static final int MEMORY = 1024;
    private static final byte INT3 = (byte) 0xCC;

    private final Path folder;
    private final Process process;
    private final OutputStream requests;
    private final DataInputStream replies;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment shared;

    private ProcessOracle() throws IOException {
        folder = Files.createTempDirectory("oracle");
        Path program = folder.resolve("oracle");
        Path file = folder.resolve("shared");
        Files.write(program, OracleImage.bytes());
        program.toFile().setExecutable(true);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            channel.truncate(SHARED_BYTES);
            shared = channel.map(FileChannel.MapMode.READ_WRITE, 0, SHARED_BYTES, arena);
        }
        process = new ProcessBuilder(program.toString(), file.toString()).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        requests = process.getOutputStream();
        replies = new DataInputStream(process.getInputStream());
    }

    /** Starts one, or nothing where the host is not Linux on x86-64. */
    public static Optional<ProcessOracle> start() throws IOException {
        if (!System.getProperty("os.name").equals("Linux") || !System.getProperty("os.arch").equals("amd64")) {
            return Optional.empty();
        }
        return Optional.of(new ProcessOracle());
    }

    @Override
    public List<OracleResult> run(List<OracleCase> cases) throws IOException {
        List<OracleResult> results = new ArrayList<>(cases.size());
        for (int first = 0; first < cases.size(); first += BATCH) {
            List<OracleCase> batch = cases.subList(first, Math.min(cases.size(), first + BATCH));
            for (int i = 0; i < batch.size(); i++) {
                store(batch.get(i), (long) i * SLOT);
            }
            byte[] count = new byte[8];
            count[0] = (byte) batch.size();
            count[1] = (byte) (batch.size() >> 8);
            requests.write(count);
            requests.flush();
            try {
                replies.readFully(count);
            } catch (EOFException died) {
                throw new IOException("the oracle died in a batch: status " + status(), died);
            }
            for (int i = 0; i < batch.size(); i++) {
                results.add(load((long) i * SLOT));
            }
        }
        return results;
    }

    private String status() {
        try {
            return process.waitFor(1, TimeUnit.SECONDS) ? Integer.toString(process.exitValue()) : "still running";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "unknown";
        }
    }

    private void store(OracleCase c, long at) {
        if (c.code().length > CODE_BYTES || c.memory().length != MEMORY_BYTES || c.fxsave().length != FXSAVE_BYTES) {
            throw new IllegalArgumentException("a case of the wrong size");
        }
        MemorySegment.copy(c.gpr(), 0, shared, ValueLayout.JAVA_LONG, at, 16);
        shared.set(ValueLayout.JAVA_LONG, at + RFLAGS, c.rflags());
        byte[] code = Arrays.copyOf(c.code(), CODE_SLOT);
        Arrays.fill(code, c.code().length, CODE_SLOT, INT3);
        put(code, at + CODE_AT);
        put(c.fxsave(), at + FXSAVE);
        put(c.memory(), at + MEMORY);
    }

    private void put(byte[] bytes, long at) {
        MemorySegment.copy(bytes, 0, shared, ValueLayout.JAVA_BYTE, at, bytes.length);
    }

    private OracleResult load(long at) {
        return new OracleResult(shared.asSlice(at, 128).toArray(ValueLayout.JAVA_LONG), number(at + RIP), number(at + RFLAGS),
                shared.asSlice(at + FXSAVE, FXSAVE_BYTES).toArray(ValueLayout.JAVA_BYTE),
                shared.asSlice(at + MEMORY, MEMORY_BYTES).toArray(ValueLayout.JAVA_BYTE),
                (int) number(at + VECTOR), (int) number(at + ERROR), number(at + ADDRESS));
    }

    private long number(long at) {
        return shared.get(ValueLayout.JAVA_LONG, at);
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        arena.close();
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }
}
