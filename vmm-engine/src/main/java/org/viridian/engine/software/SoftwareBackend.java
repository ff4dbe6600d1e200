package org.viridian.engine.software;

import java.util.List;
import java.util.Optional;
import org.viridian.engine.backend.Backend;
import org.viridian.engine.backend.BackendException;
import org.viridian.engine.backend.BackendPartition;
import org.viridian.engine.backend.PartitionConfig;
import org.viridian.engine.interrupt.InterruptFabric;
import org.viridian.engine.processor.CpuidEntry;
import org.viridian.engine.processor.VirtualProcessor;

/**
 * Executes guests on a CPU written in Java: works on every host, with no device of the host's kernel.
 *
 * <p>The JVM must run with {@code --add-exports java.base/jdk.internal.misc=org.viridian.engine}.
 */
public final class SoftwareBackend implements Backend {
    private static final long NANOSECONDS = 1_000_000_000L;

    @Override
    public String name() {
        return "software";
    }

    @Override
    public BackendPartition createPartition(PartitionConfig config) throws BackendException {
        try {
            Mem.fence();
        } catch (IllegalAccessError closed) {
            throw new BackendException("The software CPU needs direct memory access, which this JVM keeps closed; start it with "
                    + "--add-exports java.base/jdk.internal.misc=org.viridian.engine.", closed);
        }
        return new SoftwarePartition(config);
    }

    private static final class SoftwarePartition implements BackendPartition {
        private final PartitionConfig config;
        private final PhysicalMemory memory = new PhysicalMemory();
        private final SharedProcessors shared;

        SoftwarePartition(PartitionConfig config) {
            this.config = config;
            this.shared = new SharedProcessors(config.clock(), config.processors());
            config.memory().addListener(memory);
        }

        @Override
        public List<CpuidEntry> supportedCpuid() {
            return CpuidTable.supported(config.processors());
        }

        @Override
        public VirtualProcessor createProcessor(int index, List<CpuidEntry> cpuid) {
            return new SoftwareProcessor(index, memory, shared, cpuid);
        }

        @Override
        public InterruptFabric interrupts() {
            return shared;
        }

        @Override
        public long timestampFrequency() {
            return NANOSECONDS;
        }

        @Override
        public long apicFrequency() {
            return NANOSECONDS;
        }

        @Override
        public boolean invariantTimestamp() {
            return true;
        }

        @Override
        public Optional<AutoCloseable> doorbell(int port, int value, Runnable action) {
            return Optional.empty();
        }

        @Override
        public void close() {
            // Processors are closed by their owner; the rest is garbage.
        }
    }
}
