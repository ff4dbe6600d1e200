package org.viridian.tests.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.viridian.app.definition.NewVm.Flavour;
import org.viridian.app.machine.Machine;
import org.viridian.app.machine.MachineBuilder;
import org.viridian.app.machine.MachineConfig;
import org.viridian.app.machine.NetworkConfig;
import org.viridian.devices.network.PacketCapture;
import org.viridian.devices.network.PortForward;
import org.viridian.devices.synthetic.network.NetworkVsp;
import org.viridian.tests.guest.GuestPackages;
import org.viridian.tests.guest.Guests;
import org.viridian.tests.guest.SerialShell;

/** The network VSP with Debian's own hv_netvsc: behind user-mode NAT, and between two guests on a virtual switch. */
class NetworkTest {
    private static final Duration BOOT = Duration.ofMinutes(6);
    private static final Duration COMMAND = Duration.ofSeconds(120);
    private static final int BYTES = 50 << 20;

    @TempDir
    Path folder;

    @Test
    @Timeout(value = 15, unit = TimeUnit.MINUTES)
    void aGuestReachesTheHostThroughNatAndIsReached() throws Exception {
        byte[] content = new byte[BYTES];
        new Random(4).nextBytes(content);
        String hash = hash(content);
        HttpServer server = serve(content);
        int forwarded = freePort();
        MachineConfig guest = withEthtool(Guests.debian(Flavour.CLOUD, 2, List.of())).withNetwork(new NetworkConfig(
                new NetworkConfig.Connection.Nat(), Optional.empty(), List.of(PortForward.parse("tcp:%d:80".formatted(forwarded)))));
        try (Machine machine = MachineBuilder.build(guest)) {
            machine.start();
            SerialShell shell = new SerialShell(machine);
            quietShell(shell);
            NetworkVsp adapter = machine.networkAdapter().orElseThrow();
            PacketCapture capture = new PacketCapture(folder.resolve("port.pcapng"), "eth0");
            adapter.port().capture(capture);

            awaitLease(shell);
            shell.run("ping -c 3 10.0.2.2", COMMAND).orFail();
            adapter.port().capture(null);
            capture.close();
            assertEquals(0, capture.dropped());
            assertTrue(echoRequests(folder.resolve("port.pcapng")) >= 3, "the capture lacks the pings");

            offloads(shell);
            String url = "http://10.0.2.2:%d/big".formatted(server.getAddress().getPort());
            assertEquals(hash, shell.run("wget -q -O /tmp/big %s && md5sum < /tmp/big | cut -c1-32".formatted(url), COMMAND).orFail());
            shell.run("httpd -p 80 -h /tmp", COMMAND).orFail();
            try (InputStream in = URI.create("http://127.0.0.1:%d/big".formatted(forwarded)).toURL().openStream()) {
                assertEquals(hash, hash(in.readAllBytes()), "what the guest's own server sent");
            }
            assertEquals("6.1", adapter.node().resources().get("nvsp"));
            assertEquals("2", adapter.node().resources().get("queues"));
            assertEquals(0, adapter.port().counters().receiveDrops());

            link(shell, adapter);
            shell.run("killall udhcpc; rmmod hv_netvsc; modprobe hv_netvsc; until ifconfig eth0 up 2>/dev/null; do sleep 1; done; "
                    + "sleep 2; udhcpc -i eth0 -n -q", COMMAND).orFail();
            shell.run("ping -c 1 10.0.2.2", COMMAND).orFail();
            shell.reboot(BOOT);
            awaitLease(shell);
            shell.run("ping -c 1 10.0.2.2", COMMAND).orFail();
            assertEquals("", shell.run("dmesg -r | grep -E '^<[0-3]>' | grep -iE 'hv_|netvsc|vmbus'", COMMAND).output());
        } finally {
            server.stop(0);
        }
    }

    @Test
    @Timeout(value = 15, unit = TimeUnit.MINUTES)
    void twoGuestsTalkOverASwitch() throws Exception {
        MachineConfig guest = Guests.debian(Flavour.CLOUD, 1, List.of()).withNetwork(
                new NetworkConfig(new NetworkConfig.Connection.Switch("between-guests", false), Optional.empty(), List.of()));
        try (Machine left = MachineBuilder.build(named(guest, "left")); Machine right = MachineBuilder.build(named(guest, "right"))) {
            left.start();
            right.start();
            SerialShell one = new SerialShell(left);
            SerialShell two = new SerialShell(right);
            quietShell(one);
            quietShell(two);
            address(one, 1);
            address(two, 2);
            one.run("ping -c 3 192.168.7.2", COMMAND).orFail();

            String sum = two.run("dd if=/dev/urandom of=/tmp/file bs=1M count=16 2>/dev/null; md5sum < /tmp/file | cut -c1-32; httpd -p 80 -h /tmp",
                    COMMAND).orFail();
            assertEquals(sum, one.run("wget -q -O /tmp/file http://192.168.7.2/file && md5sum < /tmp/file | cut -c1-32", COMMAND).orFail());

            one.run("ip link set eth0 mtu 9000 && sleep 1", COMMAND).orFail();
            two.run("ip link set eth0 mtu 9000 && sleep 1", COMMAND).orFail();
            assertEquals("9000", left.networkAdapter().orElseThrow().node().resources().get("mtu"));
            one.run("ping -c 2 -s 8900 192.168.7.2", COMMAND).orFail();
            assertTrue(right.networkAdapter().orElseThrow().port().counters().bytesReceived() > 2 * 8900, "no large frame arrived");

            vlan(one, 1);
            vlan(two, 2);
            one.run("ping -c 2 192.168.8.2", COMMAND).orFail();
        }
    }

    private static MachineConfig named(MachineConfig config, String name) {
        return new MachineConfig(name, config.memoryBytes(), config.processors(), config.engine(), config.boot(), config.disks(),
                config.dvd(), config.integration(), config.serial1(), config.debugExitPort()).withNetwork(config.network());
    }

    private MachineConfig withEthtool(MachineConfig config) throws IOException, InterruptedException {
        Path initrd = GuestPackages.append(config.boot().initrd().orElseThrow(), folder, List.of("ethtool", "libmnl0", "libc6"),
                List.of("sbin/ethtool"), List.of("libmnl.so.0", "libm.so.6", "libc.so.6", "ld-linux-x86-64.so.2"));
        return new MachineConfig(config.name(), config.memoryBytes(), config.processors(), config.engine(),
                new MachineConfig.Boot(config.boot().kernel(), Optional.of(initrd), config.boot().commandLine()), config.disks(),
                config.dvd(), config.integration(), config.serial1(), config.debugExitPort());
    }

    private static void address(SerialShell shell, int host) throws InterruptedException {
        shell.run("killall udhcpc; ifconfig eth0 192.168.7.%d netmask 255.255.255.0 up".formatted(host), COMMAND).orFail();
    }

    private static void vlan(SerialShell shell, int host) throws InterruptedException {
        shell.run("modprobe 8021q && vconfig add eth0 42 && ifconfig eth0.42 192.168.8.%d netmask 255.255.255.0 up".formatted(host),
                COMMAND).orFail();
    }

    /** Waits for the shell and keeps kernel messages out of what commands print. */
    private static void quietShell(SerialShell shell) throws InterruptedException {
        shell.await("login: root", BOOT);
        shell.run("dmesg -n 1", COMMAND).orFail();
    }

    private static void awaitLease(SerialShell shell) throws InterruptedException {
        String addresses = "";
        for (int i = 0; i < 60; i++) {
            addresses = shell.run("ip -4 addr show eth0", COMMAND).output();
            if (addresses.contains("inet 10.0.2.15/24")) {
                return;
            }
            Thread.sleep(500);
        }
        throw new AssertionError("no lease: " + addresses);
    }

    private static void offloads(SerialShell shell) throws InterruptedException {
        String features = shell.run("ethtool -k eth0", COMMAND).orFail();
        for (String feature : List.of("tx-checksumming: on", "rx-checksumming: on", "tcp-segmentation-offload: on",
                "tx-tcp-segmentation: on", "tx-tcp6-segmentation: on", "receive-hashing: on")) {
            assertTrue(features.contains(feature), feature + " is missing in\n" + features);
        }
        // Off until somebody asks for it, as Linux has it for every driver; asking succeeds when the host offered it.
        shell.run("ethtool -K eth0 lro on", COMMAND).orFail();
        assertTrue(shell.run("ethtool -k eth0", COMMAND).orFail().contains("large-receive-offload: on"));
    }

    private static void link(SerialShell shell, NetworkVsp adapter) throws InterruptedException {
        adapter.link(false);
        carrier(shell, "0");
        adapter.link(true);
        carrier(shell, "1");
        shell.run("ping -c 1 10.0.2.2", COMMAND).orFail();
    }

    private static void carrier(SerialShell shell, String expected) throws InterruptedException {
        String seen = "";
        for (int i = 0; i < 40; i++) {
            seen = shell.run("cat /sys/class/net/eth0/carrier", COMMAND).output();
            if (seen.equals(expected)) {
                return;
            }
            Thread.sleep(500);
        }
        assertEquals(expected, seen, "carrier");
    }

    private static HttpServer serve(byte[] content) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 8);
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, content.length);
            exchange.getResponseBody().write(content);
            exchange.close();
        });
        server.start();
        return server;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static String hash(byte[] content) throws NoSuchAlgorithmException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(content));
    }

    /** Reads a pcapng file block by block; returns how many ICMP echo requests are in it. */
    private static int echoRequests(Path file) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(0x0A0D0D0A, in.getInt(0));
        int requests = 0;
        int at = 0;
        while (at < in.limit()) {
            int type = in.getInt(at);
            int length = in.getInt(at + 4);
            assertEquals(length, in.getInt(at + length - 4), "both lengths of the block at " + at);
            if (type == 6) {
                int frame = at + 28;
                boolean ip = in.get(frame + 12) == 8 && in.get(frame + 13) == 0;
                if (ip && in.get(frame + 23) == 1 && in.get(frame + 34) == 8) {
                    requests++;
                }
            }
            at += length;
        }
        return requests;
    }
}
