package org.viridian.devices.network;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Joins the switches of one name in all processes of a user into one: a star around the process that holds the switch's
 * lock file. When that process ends, one of the others takes its place and the rest find it.
 *
 * <p>Thread rule: one virtual thread keeps the connection; connections have their own.
 */
final class SwitchMeeting implements AutoCloseable {
    private static final long RETRY_MILLIS = 100;

    private final VirtualSwitch network;
    private final Path socketFile;
    private final Path lockFile;
    private final Set<SwitchLink> links = ConcurrentHashMap.newKeySet();
    private final Thread keeper;
    private volatile boolean closed;
    private volatile ServerSocketChannel server;
    private int count;

    SwitchMeeting(VirtualSwitch network, Path folder) throws IOException {
        this.network = network;
        Files.createDirectories(folder);
        this.socketFile = folder.resolve(network.name() + ".sock");
        this.lockFile = folder.resolve(network.name() + ".lock");
        this.keeper = Thread.ofVirtual().name("switch " + network.name()).start(this::keep);
    }

    private void keep() {
        while (!closed) {
            try (FileChannel file = FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock lock = tryLock(file)) {
                if (lock != null) {
                    serve();
                } else {
                    join();
                }
            } catch (IOException e) {
                System.getLogger("org.viridian.devices.network").log(System.Logger.Level.DEBUG, "switch " + network.name(), e);
            }
            pause();
        }
    }

    private static FileLock tryLock(FileChannel file) throws IOException {
        try {
            return file.tryLock();
        } catch (OverlappingFileLockException ours) {
            return null;
        }
    }

    private void pause() {
        if (!closed) {
            try {
                Thread.sleep(RETRY_MILLIS);
            } catch (InterruptedException e) {
                closed = true;
            }
        }
    }

    /** The centre: takes connections until closed. */
    private void serve() throws IOException {
        Files.deleteIfExists(socketFile);
        try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(socketFile));
            server = listener;
            while (!closed) {
                link(listener.accept(), () -> { });
            }
        } finally {
            Files.deleteIfExists(socketFile);
        }
    }

    /** A point of the star: stays until the centre is gone. */
    private void join() throws IOException {
        SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            socket.connect(UnixDomainSocketAddress.of(socketFile));
        } catch (IOException e) {
            socket.close();
            throw e;
        }
        Object gone = new Object();
        boolean[] ended = new boolean[1];
        link(socket, () -> {
            synchronized (gone) {
                ended[0] = true;
                gone.notifyAll();
            }
        });
        synchronized (gone) {
            while (!ended[0]) {
                try {
                    gone.wait();
                } catch (InterruptedException e) {
                    closed = true;
                    return;
                }
            }
        }
    }

    private void link(SocketChannel socket, Runnable onEnd) {
        SwitchPort port = network.addPort("link " + ++count, null, PortOptions.UPLINK);
        SwitchLink[] made = new SwitchLink[1];
        SwitchLink link = new SwitchLink(port, socket, () -> {
            links.remove(made[0]);
            onEnd.run();
        });
        made[0] = link;
        links.add(link);
        link.start();
        if (closed) {
            link.close();
        }
    }

    @Override
    public void close() {
        closed = true;
        ServerSocketChannel listener = server;
        try {
            if (listener != null) {
                listener.close();
            }
        } catch (IOException e) {
            System.getLogger("org.viridian.devices.network").log(System.Logger.Level.DEBUG, "closing a switch", e);
        }
        links.forEach(SwitchLink::close);
        keeper.interrupt();
        try {
            keeper.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
