package org.viridian.app.machine;

import org.viridian.engine.backend.Backend;
import org.viridian.engine.backend.BackendException;
import org.viridian.engine.host.Backends;

/** From what the user chose to the backend that runs the machine. */
final class EngineChoice {
    private EngineChoice() {}

    static Backend choose(MachineConfig.Engine engine) throws BackendException {
        return switch (engine) {
            case AUTO -> Backends.auto();
            case KVM -> Backends.byName("kvm");
            case SOFTWARE -> Backends.byName("software");
        };
    }
}
