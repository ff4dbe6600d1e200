package org.viridian.app.machine;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.viridian.devices.emulated.serial.InputQueue;
import org.viridian.devices.emulated.serial.OutputRing;
import org.viridian.devices.emulated.serial.OutputSink;
import org.viridian.devices.emulated.serial.StreamSink;
import org.viridian.devices.emulated.serial.Uart16550;

/** COM1's other end: the last 64 KiB for the window, and the target the user chose. */
final class SerialConsole implements AutoCloseable {
    private static final int KEPT = 64 << 10;

    private final OutputRing ring = new OutputRing(KEPT);
    private final InputQueue input = new InputQueue();
    private final StreamSink stream;

    /** Plugs into {@code uart}. */
    SerialConsole(Uart16550 uart, String name, MachineConfig.SerialTarget target) throws MachineException {
        stream = switch (target) {
            case MachineConfig.SerialTarget.None() -> null;
            case MachineConfig.SerialTarget.Stdio() -> new StreamSink(name, System.out, false);
            case MachineConfig.SerialTarget.ToFile(var file) -> {
                try {
                    yield new StreamSink(name, new FileOutputStream(file.toFile(), true), true);
                } catch (IOException refused) {
                    throw new MachineException(MachineException.Kind.BAD_INPUT,
                            "The serial port's file %s cannot be written: %s. Choose another file."
                                    .formatted(file, refused.getMessage()), refused);
                }
            }
        };
        OutputSink sink = stream == null ? ring : value -> ring.accept(value) & stream.accept(value);
        uart.output(sink);
        uart.input(input);
        if (target instanceof MachineConfig.SerialTarget.Stdio) {
            Thread.ofVirtual().name("serial input " + name).start(() -> pump(System.in));
        }
    }

    private void pump(InputStream source) {
        byte[] buffer = new byte[256];
        try {
            for (int length = source.read(buffer); length > 0; length = source.read(buffer)) {
                type(buffer, length);
            }
        } catch (IOException ended) {
            // Standard input is gone: the guest simply receives nothing more.
            return;
        }
    }

    private void type(byte[] bytes, int length) {
        int sent = 0;
        while (sent < length) {
            int taken = input.offer(bytes, sent, length - sent);
            sent += taken;
            if (taken == 0) {
                try {
                    Thread.sleep(10);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                }
            }
        }
    }

    /** Types bytes. What a guest does not take within the queue's 64 KiB is dropped. */
    void type(byte[] bytes) {
        input.offer(bytes, 0, bytes.length);
    }

    String text() {
        return new String(ring.since(0), StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() {
        if (stream != null) {
            stream.close();
        }
    }
}
