package org.viridian.tests.bench;

import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveOutputStream;
import org.apache.commons.compress.archivers.cpio.CpioConstants;
import org.viridian.app.definition.Folders;
import org.viridian.app.definition.NewVm.Flavour;
import org.viridian.app.library.GuestSource;
import org.viridian.app.machine.Machine;
import org.viridian.app.machine.MachineBuilder;
import org.viridian.app.machine.MachineConfig;
import org.viridian.app.machine.NetworkConfig;
import org.viridian.app.quickcreate.DebianGuest;
import org.viridian.app.text.Progress;
import org.viridian.devices.network.PortForward;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.MemoryRegion;
import org.viridian.vmbus.channel.Packet;
import org.viridian.vmbus.ring.RingMemory;
import org.viridian.vmbus.ring.RingReader;
import org.viridian.vmbus.ring.RingWriter;

/**
 * Throughput of one Debian guest through user-mode NAT: here, and in QEMU's TCG with virtio-net and the same libslirp. The
 * same kernel, the same programs, the same transfer; times are taken on the host's side.
 */
public final class NetworkBench {
    private static final List<String> VIRTIO = List.of("virtio", "virtio_ring", "virtio_pci_legacy_dev", "virtio_pci_modern_dev",
            "virtio_pci", "failover", "net_failover", "virtio_net");
    private static final String SCRIPT = """
            #!/bin/sh
            export PATH=/bin:/sbin:/usr/bin:/usr/sbin
            dmesg -n 1
            killall udhcpc 2>/dev/null
            for m in %s; do [ -e /bench/$m.ko ] && [ ! -e /sys/class/net/eth0 ] && insmod /bench/$m.ko; done 2>/dev/null
            until [ -e /sys/class/net/eth0 ]; do sleep 1; done
            ifconfig eth0 up
            until udhcpc -i eth0 -n -q > /dev/null 2>&1; do sleep 1; done
            dd if=/dev/zero of=/tmp/up bs=1M count=%d 2>/dev/null
            httpd -p 80 -h /tmp
            wget -q -O /dev/null http://10.0.2.2:%d/warm
            wget -q -O /dev/null http://10.0.2.2:%d/big
            wget -q -O /dev/null http://10.0.2.2:%d/done
            while true; do sleep 100; done
            """;
    private static final int LIMIT_SECONDS = 900;

    private final int mebibytes;
    private final Path folder;
    private volatile long began;
    private volatile CompletableFuture<Double> downloaded = new CompletableFuture<>();

    private NetworkBench(int mebibytes, Path folder) {
        this.mebibytes = mebibytes;
        this.folder = folder;
    }

    /** @param words size of a transfer, MiB */
    public static void main(String[] words) throws Exception {
        System.out.printf("ring pair, 40-byte messages: %.2f million packets/s%n", packetsPerSecond() / 1e6);
        Path folder = Files.createTempDirectory("network-bench");
        try {
            new NetworkBench(Integer.parseInt(words[0]), folder).run();
        } finally {
            try (Stream<Path> files = Files.walk(folder)) {
                files.sorted(java.util.Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
            }
        }
        System.exit(0);
    }

    /** One thread writes a batch and reads it again: both ends' whole cost on one processor. */
    private static double packetsPerSecond() throws Exception {
        GuestMemory memory = new GuestMemory();
        memory.add(new MemoryRegion(0, Arena.ofAuto().allocate(1 << 20, 4096), MemoryRegion.Kind.RAM));
        long[] pages = new long[128];
        for (int i = 0; i < pages.length; i++) {
            pages[i] = 1 + i;
        }
        RingMemory ring = new RingMemory(memory, pages);
        RingWriter writer = new RingWriter(ring);
        RingReader reader = new RingReader(ring, memory);
        byte[] payload = new byte[40];
        double best = 0;
        for (int round = 0; round < 8; round++) {
            long start = System.nanoTime();
            long packets = 0;
            while (System.nanoTime() - start < 500_000_000L) {
                for (int i = 0; i < 64; i++) {
                    writer.write(Packet.IN_BAND, packets, payload);
                }
                for (int i = 0; i < 64; i++) {
                    if (reader.next() == null) {
                        throw new IllegalStateException("a packet is missing");
                    }
                }
                reader.publish();
                packets += 64;
            }
            best = Math.max(best, packets * 1e9 / (System.nanoTime() - start));
        }
        return best;
    }

    private void run() throws Exception {
        HttpServer server = serve();
        int port = server.getAddress().getPort();
        GuestSource.BootFiles files = new DebianGuest(Folders.ofProcess()).assemble(Flavour.CLOUD, Progress.NONE);
        Path initrd = initrd(files.initrd(), files.kernel(), port);
        String commandLine = "console=ttyS0,115200 quiet";

        int forwarded = freePort();
        MachineConfig config = new MachineConfig("bench", 512L << 20, 1, MachineConfig.Engine.SOFTWARE,
                new MachineConfig.Boot(files.kernel(), Optional.of(initrd), commandLine), List.of(), Optional.empty(), true,
                new MachineConfig.SerialTarget.None(), Optional.empty()).withNetwork(new NetworkConfig(
                        new NetworkConfig.Connection.Nat(), Optional.empty(), List.of(PortForward.parse("tcp:%d:80".formatted(forwarded)))));
        double[] ours;
        try (Machine machine = MachineBuilder.build(config)) {
            machine.start();
            ours = measure(forwarded);
        }
        report("viridian software CPU, hv_netvsc", ours);

        downloaded = new CompletableFuture<>();
        int second = freePort();
        Process qemu = new ProcessBuilder("qemu-system-x86_64", "-accel", "tcg", "-m", "512", "-display", "none", "-serial", "none",
                "-monitor", "none", "-kernel", files.kernel().toString(), "-initrd", initrd.toString(), "-append", commandLine,
                "-netdev", "user,id=n,hostfwd=tcp:127.0.0.1:%d-:80".formatted(second), "-device", "virtio-net-pci,netdev=n")
                .redirectErrorStream(true).redirectOutput(folder.resolve("qemu.log").toFile()).start();
        try {
            double[] theirs = measure(second);
            report("qemu TCG, virtio-net", theirs);
            System.out.printf("ratio: to the guest %.2f, from the guest %.2f%n", ours[0] / theirs[0], ours[1] / theirs[1]);
        } finally {
            qemu.destroyForcibly();
        }
        server.stop(0);
    }

    private void report(String who, double[] figures) {
        System.out.printf("%s: to the guest %.1f Mbit/s, from the guest %.1f Mbit/s%n", who, figures[0], figures[1]);
    }

    /** Waits for the guest's download, then fetches from the guest; Mbit/s of both. */
    private double[] measure(int forwarded) throws Exception {
        double seconds = downloaded.get(LIMIT_SECONDS, TimeUnit.SECONDS);
        long start = System.nanoTime();
        long bytes = 0;
        try (InputStream in = URI.create("http://127.0.0.1:%d/up".formatted(forwarded)).toURL().openStream()) {
            byte[] buffer = new byte[1 << 16];
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                bytes += count;
            }
        }
        if (bytes != (long) mebibytes << 20) {
            throw new IOException("the guest sent %d bytes".formatted(bytes));
        }
        double megabits = mebibytes * 1048576.0 * 8 / 1e6;
        return new double[] {megabits / seconds, megabits / ((System.nanoTime() - start) / 1e9)};
    }

    private HttpServer serve() throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 8);
        server.setExecutor(Executors.newCachedThreadPool());
        byte[] chunk = new byte[1 << 20];
        server.createContext("/", exchange -> {
            String path = exchange.getRequestURI().getPath();
            if (path.equals("/done")) {
                downloaded.complete((System.nanoTime() - began) / 1e9);
            }
            int count = path.equals("/big") ? mebibytes : 1;
            exchange.sendResponseHeaders(200, (long) count << 20);
            began = path.equals("/big") ? System.nanoTime() : began;
            for (int i = 0; i < count; i++) {
                exchange.getResponseBody().write(chunk);
            }
            exchange.close();
        });
        server.start();
        return server;
    }

    /** The Quick Create archive, with a second one behind it: the transfer as the serial port's shell, and QEMU's drivers. */
    private Path initrd(Path base, Path kernel, int port) throws IOException, InterruptedException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (CpioArchiveOutputStream cpio = new CpioArchiveOutputStream(bytes, CpioConstants.FORMAT_NEW)) {
            put(cpio, "bin/serial-shell", SCRIPT.formatted(String.join(" ", VIRTIO), mebibytes, port, port, port)
                    .getBytes(StandardCharsets.UTF_8));
            CpioArchiveEntry directory = new CpioArchiveEntry("bench");
            directory.setMode(CpioConstants.C_ISDIR | 0755);
            cpio.putArchiveEntry(directory);
            cpio.closeArchiveEntry();
            Path unpacked = folder.resolve("kernel");
            try (Stream<Path> packages = Files.list(Folders.ofProcess().packages())) {
                Path deb = packages.filter(file -> file.getFileName().toString().matches("linux-image-.*-cloud-amd64_.*\\.deb"))
                        .max(java.util.Comparator.naturalOrder()).orElseThrow(() -> new IOException("no kernel package in the cache"));
                if (new ProcessBuilder("dpkg-deb", "-x", deb.toString(), unpacked.toString()).inheritIO().start().waitFor() != 0) {
                    throw new IOException("dpkg-deb refused " + deb);
                }
            }
            try (Stream<Path> modules = Files.walk(unpacked)) {
                for (Path file : modules.filter(Files::isRegularFile).toList()) {
                    String name = file.getFileName().toString();
                    if (name.endsWith(".ko") && VIRTIO.contains(name.substring(0, name.length() - 3))) {
                        put(cpio, "bench/" + name, Files.readAllBytes(file));
                    }
                }
            }
        }
        Path initrd = folder.resolve("initrd.img");
        Files.write(initrd, Files.readAllBytes(base));
        Files.write(initrd, bytes.toByteArray(), StandardOpenOption.APPEND);
        return initrd;
    }

    private static void put(CpioArchiveOutputStream cpio, String name, byte[] content) throws IOException {
        CpioArchiveEntry entry = new CpioArchiveEntry(name, content.length);
        entry.setMode(CpioConstants.C_ISREG | 0755);
        cpio.putArchiveEntry(entry);
        cpio.write(content);
        cpio.closeArchiveEntry();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
