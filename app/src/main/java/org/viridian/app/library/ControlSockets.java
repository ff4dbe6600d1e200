package org.viridian.app.library;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.zip.CRC32;

/**
 * Names the control sockets. A socket's path may have 107 bytes (unix(7)), so it is made of the first letters of the
 * name and a sum over the VM's folder, which also keeps apart equal names of different data folders.
 */
record ControlSockets(Path runtime, Path vms) {
    private static final int MAX_READABLE = 24;

    Path of(String name) {
        CRC32 sum = new CRC32();
        sum.update(vms.resolve(name).toAbsolutePath().normalize().toString().getBytes(StandardCharsets.UTF_8));
        String readable = name.replaceAll("[^A-Za-z0-9._-]", "_");
        readable = readable.substring(0, Math.min(readable.length(), MAX_READABLE));
        return runtime.resolve("%s-%08x.sock".formatted(readable, sum.getValue()));
    }
}
