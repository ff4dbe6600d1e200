package org.viridian.app.machine;

import java.util.Locale;
import org.viridian.app.text.Text;
import org.viridian.devices.storage.ImageException;
import org.viridian.engine.backend.BackendException;
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
            String key = "host.kvm." + word(unavailable.reason());
            text = Text.of("machine.no-kvm", Text.of(key), Text.of(key + ".remedy"));
        }
        return new MachineException(MachineException.Kind.HOST, text, refused);
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
