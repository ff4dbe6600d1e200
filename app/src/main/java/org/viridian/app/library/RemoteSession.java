package org.viridian.app.library;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.viridian.app.definition.Reasons;
import org.viridian.app.machine.Drive;
import org.viridian.app.machine.Machine;
import org.viridian.app.machine.MachineConfig.Disk;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A VM of another process, reached over its control socket. Requests of several threads take turns. */
final class RemoteSession implements VmSession {
    private static final long WAIT_SLICE_MILLIS = 10_000;

    private final String name;
    private final SocketChannel channel;
    private final InputStream in;

    private RemoteSession(String name, SocketChannel channel) {
        this.name = name;
        this.channel = channel;
        this.in = new BufferedInputStream(Channels.newInputStream(channel));
    }

    /** Connects; empty when nobody listens. */
    static Optional<RemoteSession> connect(String name, Path socket) throws Failure {
        if (!Files.exists(socket)) {
            return Optional.empty();
        }
        try {
            SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                channel.connect(UnixDomainSocketAddress.of(socket));
            } catch (IOException e) {
                channel.close();
                throw e;
            }
            return Optional.of(new RemoteSession(name, channel));
        } catch (ConnectException e) {
            // The process died and left the file; the next start removes it.
            return Optional.empty();
        } catch (IOException e) {
            if (!Files.exists(socket)) {
                return Optional.empty();
            }
            throw new Failure(Failure.Kind.HOST, Text.of("folder.unusable", socket, Reasons.of(e)), e);
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Optional<Machine> machine() {
        return Optional.empty();
    }

    @Override
    public VmStatus status() throws Failure {
        return ControlProtocol.status(ask(verb("status")));
    }

    @Override
    public boolean shutDown() throws Failure {
        return ask(verb("shutdown")).asBoolean(false);
    }

    @Override
    public void kill() throws Failure {
        ask(verb("kill"));
    }

    @Override
    public void pause() throws Failure {
        ask(verb("pause"));
    }

    @Override
    public void resume() throws Failure {
        ask(verb("resume"));
    }

    @Override
    public void reset() throws Failure {
        ask(verb("reset"));
    }

    @Override
    public void type(String text) throws Failure {
        ask(verb("type").put("text", text));
    }

    @Override
    public void key(String combination) throws Failure {
        ask(verb("key").put("keys", combination));
    }

    @Override
    public byte[] screenshot() throws Failure {
        return Base64.getDecoder().decode(ask(verb("screenshot")).asString(""));
    }

    @Override
    public List<DeviceReport> devices() throws Failure {
        return ControlProtocol.devices(ask(verb("devices")));
    }

    @Override
    public void networkLink(boolean up) throws Failure {
        ask(verb("network-link").put("up", up));
    }

    @Override
    public void networkCapture(Optional<Path> file) throws Failure {
        ObjectNode request = verb("network-capture");
        file.ifPresent(path -> request.put("file", path.toString()));
        ask(request);
    }

    @Override
    public List<Drive> drives() throws Failure {
        return DiskFiles.drives(ask(verb("drives")));
    }

    @Override
    public int attachDisk(Disk disk) throws Failure {
        return ask(DiskFiles.put(verb("attach"), disk)).asInt(-1);
    }

    @Override
    public void detachDisk(Path file) throws Failure {
        ask(verb("detach").put("file", file.toAbsolutePath().toString()));
    }

    @Override
    public void changeDisc(Optional<Path> iso, boolean force) throws Failure {
        ask(verb("disc").put("file", iso.map(path -> path.toAbsolutePath().toString()).orElse("")).put("force", force));
    }

    @Override
    public String serialText() throws Failure {
        return ask(verb("serial")).asString("");
    }

    @Override
    public boolean awaitEnd(long timeoutMillis) throws Failure, InterruptedException {
        long end = System.nanoTime() + timeoutMillis * 1_000_000;
        while (true) {
            long left = (end - System.nanoTime()) / 1_000_000;
            try {
                if (ask(verb("wait").put("millis", Math.clamp(left, 0L, WAIT_SLICE_MILLIS))).asBoolean(false)) {
                    return true;
                }
            } catch (Failure e) {
                if (e.kind() == Failure.Kind.STATE) {
                    return true;
                }
                throw e;
            }
            if (left <= 0) {
                return false;
            }
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            System.getLogger(RemoteSession.class.getName()).log(System.Logger.Level.DEBUG, "not closed", e);
        }
    }

    private static ObjectNode verb(String verb) {
        return ControlProtocol.MAPPER.createObjectNode().put("verb", verb);
    }

    private synchronized JsonNode ask(ObjectNode request) throws Failure {
        try {
            ByteBuffer line = ByteBuffer.wrap((request + "\n").getBytes(StandardCharsets.UTF_8));
            while (line.hasRemaining()) {
                channel.write(line);
            }
            byte[] answer = ControlServer.readLine(in, ControlProtocol.MAX_ANSWER);
            if (answer == null) {
                throw gone(null);
            }
            JsonNode tree = ControlProtocol.MAPPER.readTree(answer);
            if (!tree.path("ok").asBoolean(false)) {
                throw new Failure(kind(tree.path("kind").asString("")),
                        Text.verbatim(tree.path("message").asString("")));
            }
            return tree.path("result");
        } catch (JacksonException e) {
            throw new Failure(Failure.Kind.INTERNAL, Text.of("internal", e.getOriginalMessage()), e);
        } catch (IOException e) {
            throw gone(e);
        }
    }

    private Failure gone(IOException e) {
        return new Failure(Failure.Kind.STATE, Text.of("vm.off", name), e);
    }

    private static Failure.Kind kind(String word) {
        try {
            return Failure.Kind.valueOf(word.toUpperCase(Locale.ROOT).replace('-', '_'));
        } catch (IllegalArgumentException e) {
            return Failure.Kind.INTERNAL;
        }
    }
}
