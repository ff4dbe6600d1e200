package org.viridian.app.library;

import java.util.Optional;
import org.viridian.app.machine.MachineException;
import org.viridian.app.text.Text;
import org.viridian.engine.host.HostProbe;
import org.viridian.engine.host.KvmStatus;
import org.viridian.engine.kvm.KvmUnavailableException;

/** The doctor's words for a VM that asks for KVM on a host that does not give it. */
final class KvmRefusal {
    private KvmRefusal() {}

    /** What is wrong and what to do, in one sentence of the user's language; empty for every other refusal. */
    static Optional<Text> of(MachineException refused) {
        for (Throwable at = refused; at != null; at = at.getCause()) {
            if (at instanceof KvmUnavailableException unavailable) {
                KvmStatus status = HostProbe.status(unavailable.reason());
                // These two name what is missing, which the sentence of the doctor does not.
                if (status == KvmStatus.TOO_OLD || status == KvmStatus.DISABLED || status.remedyKey().isEmpty()) {
                    return Optional.empty();
                }
                return Optional.of(Text.of("kvm.refused", Text.of(status.key()), Text.of(status.remedyKey())));
            }
        }
        return Optional.empty();
    }
}
