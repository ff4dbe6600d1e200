package org.viridian.engine.software;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.tukaani.xz.XZInputStream;
import org.viridian.engine.backend.PartitionConfig;
import org.viridian.engine.clock.VmClock;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.MemoryRegion;
import org.viridian.engine.processor.ProcessorBus;
import org.viridian.engine.processor.ProcessorState;
import org.viridian.engine.processor.SegmentState;
import org.viridian.engine.processor.VirtualProcessor;

/**
 * Boots a Linux bzImage on the bare CPU: no board but a write-only UART at 3F8. For finding faults of the CPU by hand, and
 * for measuring it; {@code main(bzImage, initrd, command line)}.
 */
public final class KernelBoot {
    private static final long RAM = 512L << 20;

    private KernelBoot() {}

    public static void main(String[] args) throws Exception {
        byte[] image = Files.readAllBytes(Path.of(args[0]));
        byte[] initrd = Files.readAllBytes(Path.of(args[1]));
        String append = args.length > 2 ? args[2] : "console=ttyS0 earlyprintk=serial,ttyS0,115200 tsc_early_khz=1000000 nokaslr panic=-1";
        try (Arena arena = Arena.ofShared(); VmClock clock = new VmClock("boot", new ReentrantLock())) {
            GuestMemory memory = new GuestMemory();
            memory.add(new MemoryRegion(0, arena.allocate(RAM, 4096), MemoryRegion.Kind.RAM));
            var partition = new SoftwareBackend().createPartition(new PartitionConfig("boot", 1, memory, clock));
            VirtualProcessor vp = partition.createProcessor(0, partition.supportedCpuid());
            long entry = load(memory, image, initrd, append);
            vp.state(start(entry));
            clock.resume();
            Bus bus = new Bus();
            long began = System.nanoTime();
            Thread watch = Thread.ofPlatform().daemon().start(() -> watch(vp, began));
            VirtualProcessor.Outcome outcome = vp.run(bus);
            watch.interrupt();
            System.out.printf("%n%s after %.2f s, %d instructions, %.1f MIPS%n%s%s", outcome, (System.nanoTime() - began) / 1e9,
                    vp.instructions(), vp.instructions() * 1e3 / (System.nanoTime() - began), vp.failure(),
                    ((SoftwareProcessor) vp).describe());
        }
    }

    private static void watch(VirtualProcessor vp, long began) {
        try {
            long last = 0;
            while (true) {
                Thread.sleep(5000);
                long now = vp.instructions();
                System.err.printf("[%.0f s: %d M instructions, %.1f MIPS, rip %x]%n", (System.nanoTime() - began) / 1e9,
                        now / 1_000_000, (now - last) / 5e6, vp.rip());
                last = now;
                if (Boolean.getBoolean("dump")) {
                    System.err.println(((SoftwareProcessor) vp).describe());
                }
            }
        } catch (InterruptedException end) {
            Thread.currentThread().interrupt();
        }
    }

    private static long load(GuestMemory memory, byte[] image, byte[] initrd, String append) throws Exception {
        ByteBuffer header = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
        int setup = (image[0x1F1] + 1) * 512;
        int payload = setup + header.getInt(0x248);
        int length = header.getInt(0x24C);
        boolean raw = Boolean.getBoolean("raw");
        byte[] elf = raw ? new byte[64] : unpack(image, payload, length);
        ByteBuffer e = ByteBuffer.wrap(elf).order(ByteOrder.LITTLE_ENDIAN);
        long table = e.getLong(32);
        int count = e.getShort(56);
        for (int i = 0; i < count; i++) {
            int at = (int) table + i * 56;
            if (e.getInt(at) == 1) {
                memory.write(e.getLong(at + 24), elf, (int) e.getLong(at + 8), (int) e.getLong(at + 32));
            }
        }
        long params = 0x7000;
        memory.write(params + 0x1F1, image, 0x1F1, 0x202 + image[0x201] - 0x1F1);
        memory.writeByte(params + 0x210, 0xFF);
        long initrdAt = RAM - (initrd.length + 0xFFF & ~0xFFF);
        memory.write(initrdAt, initrd);
        memory.writeInt(params + 0x218, (int) initrdAt);
        memory.writeInt(params + 0x21C, initrd.length);
        memory.write(0x20000, (append + "\0").getBytes(StandardCharsets.US_ASCII));
        memory.writeInt(params + 0x228, 0x20000);
        long[][] e820 = {{0, 0x9FC00, 1}, {0x9FC00, 0x60400, 2}, {0x100000, RAM - 0x100000, 1}};
        memory.writeByte(params + 0x1E8, e820.length);
        for (int i = 0; i < e820.length; i++) {
            memory.writeLong(params + 0x2D0 + i * 20, e820[i][0]);
            memory.writeLong(params + 0x2D8 + i * 20, e820[i][1]);
            memory.writeInt(params + 0x2E0 + i * 20, (int) e820[i][2]);
        }
        memory.writeLong(0x9000, 0xA003);
        for (int i = 0; i < 4; i++) {
            memory.writeLong(0xA000 + i * 8, 0xB003 + i * 0x1000);
        }
        for (long i = 0; i < 2048; i++) {
            memory.writeLong(0xB000 + i * 8, i << 21 | 0x83);
        }
        memory.writeLong(0x6010, 0x00AF9B000000FFFFL);
        memory.writeLong(0x6018, 0x00CF93000000FFFFL);
        if (raw) {
            // With -Draw=true the image unpacks itself: its own 64-bit entry.
            memory.write(0x100_0000, image, setup, image.length - setup);
            return 0x100_0200;
        }
        return e.getLong(24);
    }

    /** XZ, or the block format that "lz4 -l" writes. */
    private static byte[] unpack(byte[] image, int payload, int length) throws Exception {
        ByteBuffer in = ByteBuffer.wrap(image, payload, length).order(ByteOrder.LITTLE_ENDIAN);
        if (in.getInt(payload) != 0x184C2102) {
            try (InputStream xz = new XZInputStream(new ByteArrayInputStream(image, payload, length - 4))) {
                return xz.readAllBytes();
            }
        }
        in.position(payload + 4);
        byte[] out = new byte[in.getInt(payload + length - 4)];
        int to = 0;
        while (to < out.length) {
            int end = in.getInt() + in.position();
            while (in.position() < end) {
                int token = in.get() & 0xFF;
                int literals = count(in, token >> 4);
                in.get(out, to, literals);
                to += literals;
                if (in.position() >= end) {
                    break;
                }
                int back = in.getShort() & 0xFFFF;
                for (int match = count(in, token & 15) + 4; match > 0; match--, to++) {
                    out[to] = out[to - back];
                }
            }
        }
        return out;
    }

    private static int count(ByteBuffer in, int nibble) {
        int n = nibble;
        for (int more = nibble == 15 ? 255 : 0; more == 255; n += more) {
            more = in.get() & 0xFF;
        }
        return n;
    }

    private static ProcessorState start(long entry) {
        long[] gpr = new long[16];
        gpr[6] = 0x7000;
        SegmentState data = new SegmentState(0x18, 0, -1, 0xC093);
        SegmentState[] segments = {data, new SegmentState(0x10, 0, -1, 0xA09B), data, data, data, data,
            new SegmentState(0, 0, 0, 0x10082), new SegmentState(0, 0, 0x67, 0x8B)};
        return new ProcessorState(gpr, entry, 2, segments, 0x6000, 0x1F, 0, 0, 0x8005_0033L, 0, 0x9000, 0x20, 0, 0x500, null,
                Map.of(), null);
    }

    /** Ports: a transmitter that is always empty; everything else floats. */
    private static final class Bus implements ProcessorBus {
        private int scratch;
        private int lcr;

        @Override
        public int readPort(int port, int size) {
            return switch (port) {
                case 0x3FD -> 0x60;
                case 0x3FB -> lcr;
                case 0x3FF -> scratch;
                case 0x3F9, 0x3FA, 0x3FC -> 0;
                case 0x3FE -> 0xB0;
                default -> -1;
            };
        }

        @Override
        public void writePort(int port, int size, int value) {
            if (port == 0x3F8 && (lcr & 0x80) == 0) {
                System.out.write(value);
                System.out.flush();
            } else if (port == 0x3FB) {
                lcr = value;
            } else if (port == 0x3FF) {
                scratch = value;
            }
        }

        @Override
        public long readMmio(long address, int size) {
            return -1;
        }

        @Override
        public void writeMmio(long address, int size, long value) {
            // Nothing is there.
        }

        @Override
        public long readMsr(int msr) throws org.viridian.engine.bus.MsrFault {
            throw org.viridian.engine.bus.MsrFault.INSTANCE;
        }

        @Override
        public void writeMsr(int msr, long value) throws org.viridian.engine.bus.MsrFault {
            throw org.viridian.engine.bus.MsrFault.INSTANCE;
        }
    }
}
