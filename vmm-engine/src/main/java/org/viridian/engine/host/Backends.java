package org.viridian.engine.host;

import org.viridian.engine.backend.Backend;
import org.viridian.engine.backend.BackendException;
import org.viridian.engine.kvm.KvmBackend;
import org.viridian.engine.software.SoftwareBackend;

/** From a name to a backend. */
public final class Backends {
    private Backends() {}

    /** The backend that suits this host; probes it once per process. */
    public static Backend auto() {
        return Probed.REPORT.automatic().equals("kvm") ? new KvmBackend() : new SoftwareBackend();
    }

    /** The report that {@link #auto} went by. */
    public static HostReport report() {
        return Probed.REPORT;
    }

    /**
     * The backend called {@code auto}, {@code kvm} or {@code software}.
     *
     * @throws BackendException for another name; a backend that the host cannot run says so when it makes a partition
     */
    public static Backend byName(String name) throws BackendException {
        return switch (name) {
            case "auto" -> auto();
            case "kvm" -> new KvmBackend();
            case "software" -> new SoftwareBackend();
            default -> throw new BackendException("There is no engine called \"%s\"; choose auto, kvm or software.".formatted(name));
        };
    }

    private static final class Probed {
        static final HostReport REPORT = HostProbe.probe();
    }
}
