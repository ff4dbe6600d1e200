package org.viridian.app.machine;

import java.util.Locale;
import org.viridian.app.text.Text;
import org.viridian.devices.storage.ImageException;
import org.viridian.engine.backend.BackendException;
import org.viridian.engine.host.HostProbe;
import org.viridian.engine.host.KvmStatus;
import org.viridian.engine.kvm.KvmUnavailableException;
import org.viridian.engine.loader.LoaderException;

/** Says the refusals of the rooms below in the user's language: they give reasons as values, the sentences are here. */
final class Refusals {
    private Refusals() {}

    static MachineException of(LoaderException refused) {
        Text text = refused.reason() == LoaderException.Reason.OTHER
                ? Text.verbatim(refused.getMessage())
                : Text.of("loader." + word(refused.reason()), refused.arguments().toArray());
        return new MachineException(MachineException.Kind.BAD_INPUT, text, refused);
    }

    static MachineException of(ImageException refused) {
        if (refused.inUse()) {
            return new MachineException(MachineException.Kind.STATE, Text.of("machine.disk.in-use", refused.file()), refused);
        }
        return new MachineException(MachineException.Kind.BAD_INPUT, Text.verbatim(refused.getMessage()), refused);
    }

    static MachineException of(BackendException refused) {
        Text text = Text.verbatim(refused.getMessage());
        if (refused.getCause() instanceof KvmUnavailableException unavailable) {
            KvmStatus status = HostProbe.status(unavailable.reason());
            // These two name what is missing, which the sentence of the doctor does not.
            if (status != KvmStatus.TOO_OLD && status != KvmStatus.DISABLED && !status.remedyKey().isEmpty()) {
                text = Text.of("machine.no-kvm", Text.of(status.key()), Text.of(status.remedyKey()));
            }
        }
        return new MachineException(MachineException.Kind.HOST, text, refused);
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
