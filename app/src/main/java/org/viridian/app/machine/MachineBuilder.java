package org.viridian.app.machine;

import org.viridian.app.text.Text;
import org.viridian.engine.backend.Backend;
import org.viridian.engine.backend.BackendException;

/**
 * Builds machines. Everything that can be wrong with the files and the host is found here, before a guest runs, and
 * nothing is left behind when it is.
 */
public final class MachineBuilder {
    private static final int MEBIBYTE = 1 << 20;
    private static final long SMALLEST = 16L * MEBIBYTE;
    private static final int MOST_PROCESSORS = 8;

    private MachineBuilder() {}

    /**
     * Builds a machine in state {@link MachineState#OFF}.
     *
     * @throws MachineException with one sentence for the user
     */
    public static Machine build(MachineConfig config) throws MachineException {
        if (config.memoryBytes() < SMALLEST || config.memoryBytes() % MEBIBYTE != 0) {
            throw new MachineException(MachineException.Kind.BAD_INPUT,
                    Text.of("machine.memory.odd", config.memoryBytes()), null);
        }
        if (config.processors() < 1 || config.processors() > MOST_PROCESSORS) {
            throw new MachineException(MachineException.Kind.BAD_INPUT,
                    Text.of("field.processors.range", config.processors(), MOST_PROCESSORS), null);
        }
        HostMemory.require(config.memoryBytes());
        StartUp startUp = config.firmware().isPresent()
                ? FirmwareStart.read(config, config.firmware().get()) : new KernelStart(config, BootFiles.read(config.boot()));
        try {
            Backend backend = EngineChoice.choose(config.engine());
            return new PartitionMachine(config, backend, startUp);
        } catch (BackendException refused) {
            throw Refusals.of(refused);
        } catch (OutOfMemoryError refused) {
            throw new MachineException(MachineException.Kind.HOST,
                    Text.of("machine.memory.refused", config.memoryBytes() / MEBIBYTE), refused);
        }
    }
}
