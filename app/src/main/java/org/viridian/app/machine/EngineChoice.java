package org.viridian.app.machine;

import org.viridian.engine.backend.Backend;
import org.viridian.engine.backend.BackendException;
import org.viridian.engine.software.SoftwareBackend;

/** From what the user chose to the backend that runs the machine. */
final class EngineChoice {
    private EngineChoice() {}

    static Backend choose(MachineConfig.Engine engine) throws BackendException {
        return switch (engine) {
            case SOFTWARE, AUTO -> new SoftwareBackend();
            case KVM -> throw new BackendException("The KVM engine is not part of this build; choose the software engine.");
        };
    }
}
