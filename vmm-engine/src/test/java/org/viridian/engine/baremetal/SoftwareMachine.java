package org.viridian.engine.baremetal;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.viridian.engine.backend.BackendPartition;
import org.viridian.engine.backend.PartitionConfig;
import org.viridian.engine.bus.MsrFault;
import org.viridian.engine.clock.VmClock;
import org.viridian.engine.loader.MultibootLoader;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.MemoryRegion;
import org.viridian.engine.processor.ProcessorBus;
import org.viridian.engine.processor.VirtualProcessor;
import org.viridian.engine.processor.VirtualProcessor.Outcome;
import org.viridian.engine.software.SoftwareBackend;

/** A board for bare-metal kernels: 64 MiB, COM1 that only sends, and port F4, which ends the machine. */
final class SoftwareMachine {
    private static final long RAM = 64L << 20;
    private static final int COM1 = 0x3F8;
    private static final int LINE_STATUS = 0x3FD;
    private static final int TRANSMITTER_EMPTY = 0x60;
    private static final int END = 0xF4;
    private static final int MOST_OUTPUT = 1 << 20;

    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private VirtualProcessor vp;

    private SoftwareMachine() {}

    /** Runs a multiboot kernel until it ends itself, or for so many seconds; answers what it has printed. */
    static String run(byte[] kernel, int seconds) throws Exception {
        return new SoftwareMachine().start(kernel, seconds);
    }

    private String start(byte[] kernel, int seconds) throws Exception {
        try (Arena arena = Arena.ofShared(); VmClock clock = new VmClock("bare metal", new ReentrantLock())) {
            GuestMemory memory = new GuestMemory();
            memory.add(new MemoryRegion(0, arena.allocate(RAM, 4096), MemoryRegion.Kind.RAM));
            BackendPartition partition = new SoftwareBackend().createPartition(new PartitionConfig("bare metal", 1, memory, clock));
            vp = partition.createProcessor(0, partition.supportedCpuid());
            vp.state(MultibootLoader.parse("kernel", kernel, Optional.empty(), "").load(memory, 0));
            clock.resume();
            Outcome[] outcome = new Outcome[1];
            Thread thread = Thread.ofPlatform().start(() -> outcome[0] = vp.run(new Board()));
            boolean ended = thread.join(java.time.Duration.ofSeconds(seconds));
            if (!ended) {
                vp.kick();
                thread.join(TimeUnit.SECONDS.toMillis(10));
                say("(no end after " + seconds + " s)\n");
            } else if (outcome[0] == Outcome.FAILED) {
                say("(" + vp.failure() + ")\n");
            }
            vp.close();
            partition.close();
        }
        return output.toString(StandardCharsets.ISO_8859_1);
    }

    private void say(String text) {
        output.writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private final class Board implements ProcessorBus {
        @Override
        public int readPort(int port, int size) {
            return port == LINE_STATUS ? TRANSMITTER_EMPTY : -1;
        }

        @Override
        public void writePort(int port, int size, int value) {
            if (port == COM1 && output.size() < MOST_OUTPUT) {
                output.write(value);
            } else if (port == END) {
                vp.kick();
            }
        }

        @Override
        public long readMmio(long address, int size) {
            return -1;
        }

        @Override
        public void writeMmio(long address, int size, long value) {
            // Nothing is there.
        }

        @Override
        public long readMsr(int msr) throws MsrFault {
            throw MsrFault.INSTANCE;
        }

        @Override
        public void writeMsr(int msr, long value) throws MsrFault {
            throw MsrFault.INSTANCE;
        }
    }
}
