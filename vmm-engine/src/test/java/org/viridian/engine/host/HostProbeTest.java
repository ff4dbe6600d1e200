package org.viridian.engine.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.viridian.engine.backend.BackendException;

/** The report on this host, whatever it is. */
class HostProbeTest {
    @Test
    void theChoiceFollowsFromWhatWasFound() throws Exception {
        HostReport report = HostProbe.probe();
        boolean ready = report.kvm().status() == KvmStatus.READY;
        assertEquals(ready ? "kvm" : "software", report.automatic());
        assertEquals(Backends.report().automatic(), Backends.byName("auto").name());
        assertEquals(report.kvm().apiVersion() == 0, report.kvm().kernelModeSpeed() == 0 && report.kvm().status() != KvmStatus.BROKEN);
        assertEquals(ready, report.kvm().status().remedyKey().isEmpty() && report.kvm().status() != KvmStatus.OTHER_HOST);
        if (report.kvm().apiVersion() == 0) {
            assertFalse(report.kvm().detail().isEmpty());
        }
    }

    @Test
    void anUnknownNameIsRefusedWithTheChoices() {
        BackendException refused = assertThrows(BackendException.class, () -> Backends.byName("qemu"));
        assertEquals("There is no engine called \"qemu\"; choose auto, kvm or software.", refused.getMessage());
    }
}
