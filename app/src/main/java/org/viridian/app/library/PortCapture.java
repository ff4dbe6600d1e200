package org.viridian.app.library;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.viridian.app.definition.Reasons;
import org.viridian.app.machine.Machine;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;
import org.viridian.devices.network.PacketCapture;
import org.viridian.devices.network.SwitchPort;
import org.viridian.devices.synthetic.network.NetworkVsp;

/** What can be done to a machine's network adapter from outside: its cable, and one recording at a time. */
final class PortCapture implements AutoCloseable {
    private final String name;
    private final Machine machine;
    private PacketCapture capture;

    PortCapture(String name, Machine machine) {
        this.name = name;
        this.machine = machine;
    }

    private NetworkVsp adapter() throws Failure {
        return machine.networkAdapter().orElseThrow(() -> new Failure(Failure.Kind.STATE, Text.of("network.none", name)));
    }

    void link(boolean up) throws Failure {
        adapter().link(up);
    }

    /** Starts a recording, which ends the one before, or only ends it. */
    synchronized void record(Optional<Path> file) throws Failure {
        SwitchPort port = adapter().port();
        port.capture(null);
        close();
        if (file.isPresent()) {
            try {
                capture = new PacketCapture(file.get(), name);
                port.capture(capture);
            } catch (IOException e) {
                throw new Failure(Failure.Kind.HOST, Text.of("folder.unusable", file.get(), Reasons.of(e)), e);
            }
        }
    }

    @Override
    public synchronized void close() {
        if (capture != null) {
            capture.close();
            capture = null;
        }
    }
}
