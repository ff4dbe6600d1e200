package org.viridian.tests.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.viridian.app.machine.Ending;
import org.viridian.app.machine.Machine;
import org.viridian.app.machine.MachineBuilder;
import org.viridian.app.machine.MachineConfig;
import org.viridian.app.machine.MachineException;

/**
 * A guest of the software processor that writes a port a million times: what one exit to a device and back costs, the
 * making of the machine (a few hundredths of a second) shared among them.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3)
@Measurement(iterations = 5)
public class PortExitBenchmark {
    private static final int EXITS = 1_000_000;
    private static final int DEBUG_EXIT = 0xF4;
    private static final int ORIGIN = 0x10_0000;
    private static final int MAGIC = 0x1BAD_B002;
    private static final int ADDRESSES_VALID = 1 << 16;

    private Path kernel;
    private MachineConfig config;

    /** A multiboot kernel of eight instructions. */
    @Setup
    public void makesTheGuest() throws IOException {
        ByteBuffer image = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        image.putInt(MAGIC).putInt(ADDRESSES_VALID).putInt(-(MAGIC + ADDRESSES_VALID));
        image.putInt(ORIGIN).putInt(ORIGIN).putInt(0).putInt(0).putInt(ORIGIN + 32);
        // mov ecx, EXITS; again: out 0x80, al; dec ecx; jnz again; xor eax, eax; out DEBUG_EXIT, al; hlt
        image.put((byte) 0xB9).putInt(EXITS).put(new byte[] {(byte) 0xE6, (byte) 0x80, 0x49, 0x75, (byte) 0xFB, 0x31, (byte) 0xC0,
            (byte) 0xE6, (byte) DEBUG_EXIT, (byte) 0xF4});
        kernel = Files.createTempFile("port-exit", "");
        Files.write(kernel, image.array());
        config = new MachineConfig("port-exit", 32L << 20, 1, MachineConfig.Engine.SOFTWARE,
                new MachineConfig.Boot(kernel, Optional.empty(), ""), List.of(), Optional.empty(), false,
                new MachineConfig.SerialTarget.None(), Optional.of(DEBUG_EXIT));
    }

    /** Removes the guest. */
    @TearDown
    public void removes() throws IOException {
        Files.delete(kernel);
    }

    /** One exit by OUT. */
    @Benchmark
    @OperationsPerInvocation(EXITS)
    public Ending portWrite() throws MachineException, InterruptedException {
        try (Machine machine = MachineBuilder.build(config)) {
            machine.start();
            Ending ending = machine.awaitEnd();
            if (!(ending instanceof Ending.DebugExit)) {
                throw new IllegalStateException("the guest ended by " + ending);
            }
            return ending;
        }
    }
}
