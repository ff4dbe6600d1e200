package org.viridian.app.library;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.viridian.app.definition.Reasons;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Answers the control socket of one running VM. The socket is mode 0600 in a folder of mode 0700: whoever can connect
 * is the VM's owner (or root).
 *
 * <p>Thread rule: one virtual thread accepts, one serves each connection, request by request.
 */
final class ControlServer implements AutoCloseable {
    /** More connections than windows, watchers and commands ever need at once. */
    private static final int MAX_CONNECTIONS = 64;

    private static final long DRAIN_MILLIS = 2000;

    private final Path socket;
    private final ServerSocketChannel listener;
    private final VmSession session;
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private volatile boolean closing;

    private ControlServer(Path socket, ServerSocketChannel listener, VmSession session) {
        this.socket = socket;
        this.listener = listener;
        this.session = session;
    }

    /** Binds; the caller holds the VM's {@link RunLock}, so a socket that is there is a dead process's. */
    static ControlServer open(Path socket, VmSession session) throws Failure {
        ServerSocketChannel listener = null;
        try {
            Files.deleteIfExists(socket);
            listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            listener.bind(UnixDomainSocketAddress.of(socket));
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
            ControlServer server = new ControlServer(socket, listener, session);
            Thread.ofVirtual().name("control-" + session.name()).start(server::accept);
            return server;
        } catch (IOException e) {
            closeQuietly(listener);
            throw new Failure(Failure.Kind.HOST, Text.of("folder.unusable", socket, Reasons.of(e)), e);
        }
    }

    private void accept() {
        while (!closing) {
            try {
                SocketChannel channel = listener.accept();
                if (connections.size() >= MAX_CONNECTIONS) {
                    channel.close();
                    continue;
                }
                Connection connection = new Connection(channel);
                connections.add(connection);
                Thread.ofVirtual().name("control-" + session.name()).start(connection::serve);
            } catch (IOException e) {
                if (!closing) {
                    System.getLogger(ControlServer.class.getName())
                            .log(System.Logger.Level.WARNING, "control socket failed: " + socket, e);
                }
                return;
            }
        }
    }

    /** Takes no more connections and removes the socket; those that are served go on. */
    void stopListening() {
        closing = true;
        closeQuietly(listener);
        try {
            Files.deleteIfExists(socket);
        } catch (IOException e) {
            System.getLogger(ControlServer.class.getName())
                    .log(System.Logger.Level.WARNING, "socket not removed: " + socket, e);
        }
    }

    /** Ends idle connections at once and the others when they have their answer, at the latest after two seconds. */
    @Override
    public void close() {
        stopListening();
        for (Connection connection : connections) {
            connection.finish();
        }
    }

    private static void closeQuietly(AutoCloseable resource) {
        try {
            if (resource != null) {
                resource.close();
            }
        } catch (Exception e) {
            System.getLogger(ControlServer.class.getName()).log(System.Logger.Level.DEBUG, "not closed", e);
        }
    }

    private final class Connection {
        private final SocketChannel channel;
        private final ReentrantLock answering = new ReentrantLock();

        Connection(SocketChannel channel) {
            this.channel = channel;
        }

        void serve() {
            try (channel) {
                InputStream in = new BufferedInputStream(Channels.newInputStream(channel));
                OutputStream out = Channels.newOutputStream(channel);
                for (byte[] line = readLine(in, ControlProtocol.MAX_REQUEST); line != null;
                        line = readLine(in, ControlProtocol.MAX_REQUEST)) {
                    answering.lock();
                    try {
                        byte[] answer = (answer(line).toString() + "\n").getBytes(java.nio.charset.StandardCharsets.UTF_8);
                        out.write(answer);
                    } finally {
                        answering.unlock();
                    }
                    if (closing) {
                        return;
                    }
                }
            } catch (IOException e) {
                System.getLogger(ControlServer.class.getName()).log(System.Logger.Level.DEBUG, "connection lost", e);
            } finally {
                connections.remove(this);
            }
        }

        void finish() {
            if (answering.isHeldByCurrentThread()) {
                // "kill" ends the VM from inside its own request: the answer is still to be written.
                return;
            }
            boolean idle = false;
            try {
                idle = answering.tryLock(DRAIN_MILLIS, TimeUnit.MILLISECONDS);
                closeQuietly(channel);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                if (idle) {
                    answering.unlock();
                }
            }
        }
    }

    /** One line without its end; null at the end of the stream. */
    static byte[] readLine(InputStream in, int most) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                return null;
            }
            if (line.size() == most) {
                throw new IOException("line longer than " + most + " bytes");
            }
            line.write(next);
        }
        return line.toByteArray();
    }

    private ObjectNode answer(byte[] line) {
        ObjectNode answer = ControlProtocol.MAPPER.createObjectNode();
        try {
            JsonNode request = ControlProtocol.MAPPER.readTree(line);
            JsonNode result = perform(request);
            answer.put("ok", true);
            answer.set("result", result);
        } catch (Failure e) {
            refuse(answer, e.kind(), e.text().toString());
        } catch (JacksonException e) {
            refuse(answer, Failure.Kind.USAGE, e.getOriginalMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            refuse(answer, Failure.Kind.INTERNAL, "interrupted");
        } catch (RuntimeException e) {
            // A bug in one verb must not take the VM's only way in away from its owner.
            System.getLogger(ControlServer.class.getName()).log(System.Logger.Level.ERROR, "control verb failed", e);
            refuse(answer, Failure.Kind.INTERNAL, e.toString());
        }
        return answer;
    }

    private static void refuse(ObjectNode answer, Failure.Kind kind, String message) {
        answer.put("ok", false);
        answer.put("kind", ControlProtocol.word(kind));
        answer.put("message", message);
    }

    private JsonNode perform(JsonNode request) throws Failure, InterruptedException {
        var mapper = ControlProtocol.MAPPER;
        String verb = request.path("verb").asString("");
        switch (verb) {
            case "status":
                return ControlProtocol.json(session.status());
            case "shutdown":
                return mapper.getNodeFactory().booleanNode(session.shutDown());
            case "kill":
                session.kill();
                break;
            case "pause":
                session.pause();
                break;
            case "resume":
                session.resume();
                break;
            case "reset":
                session.reset();
                break;
            case "type":
                session.type(request.path("text").asString(""));
                break;
            case "key":
                session.key(request.path("keys").asString(""));
                break;
            case "screenshot":
                return mapper.getNodeFactory().stringNode(Base64.getEncoder().encodeToString(session.screenshot()));
            case "devices":
                return ControlProtocol.json(session.devices());
            case "network-link":
                session.networkLink(request.path("up").asBoolean(true));
                break;
            case "network-capture":
                session.networkCapture(request.has("file") ? java.util.Optional.of(Path.of(request.path("file").asString("")))
                        : java.util.Optional.empty());
                break;
            case "drives":
                return DiskFiles.json(session.drives());
            case "attach":
                return mapper.getNodeFactory().numberNode(session.attachDisk(DiskFiles.disk(request)));
            case "detach":
                session.detachDisk(DiskFiles.file(request).orElseThrow(() -> DiskFiles.noFile(verb)));
                break;
            case "disc":
                session.changeDisc(DiskFiles.file(request), request.path("force").asBoolean(false));
                break;
            case "serial":
                return mapper.getNodeFactory().stringNode(session.serialText());
            case "wait":
                return mapper.getNodeFactory()
                        .booleanNode(session.awaitEnd(Math.clamp(request.path("millis").asLong(0), 0L, 60_000L)));
            default:
                throw new Failure(Failure.Kind.USAGE, Text.of("control.verb", verb));
        }
        return mapper.getNodeFactory().nullNode();
    }
}
