package org.viridian.engine.software;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.viridian.engine.backend.BackendException;
import org.viridian.engine.backend.BackendPartition;
import org.viridian.engine.backend.PartitionConfig;
import org.viridian.engine.bus.MsrFault;
import org.viridian.engine.clock.VmClock;
import org.viridian.engine.interrupt.InterruptFabric;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.MemoryRegion;
import org.viridian.engine.processor.ProcessorBus;
import org.viridian.engine.processor.ProcessorState;
import org.viridian.engine.processor.SegmentState;
import org.viridian.engine.processor.VirtualProcessor;

/**
 * A processor in 64-bit mode at privilege 0: code at 10000, the first 4 GiB mapped one to one by 2 MiB pages (PML4 at 2000,
 * PDPT at 3000, directories from 4000), GDT at 1000, TSS at A000 with RSP0 6000 and IST1 5000, IDT at 9000, stack below 8000.
 */
final class SystemRig implements AutoCloseable {
    private static final long HANDLERS = 0x1_8000;

    final GuestMemory memory = new GuestMemory();
    final VmClock clock = new VmClock("test", new ReentrantLock());
    final InterruptFabric interrupts;
    final VirtualProcessor vp;
    final ProcessorBus bus = new TestBus();
    private final Arena arena = Arena.ofShared();
    private final BackendPartition partition;
    private final Map<Integer, Runnable> ports = new HashMap<>();

    SystemRig(int processors) {
        memory.add(new MemoryRegion(0, arena.allocate(16 << 20, 4096), MemoryRegion.Kind.RAM));
        try {
            partition = new SoftwareBackend().createPartition(new PartitionConfig("test", processors, memory, clock));
            vp = partition.createProcessor(0, partition.supportedCpuid());
        } catch (BackendException refused) {
            throw new IllegalStateException(refused);
        }
        interrupts = partition.interrupts();
        clock.resume();
        memory.writeLong(0x2000, 0x3007);
        for (int i = 0; i < 4; i++) {
            memory.writeLong(0x3000 + i * 8, 0x4007 + i * 0x1000);
        }
        for (long i = 0; i < 2048; i++) {
            memory.writeLong(0x4000 + i * 8, i << 21 | 0x83);
        }
        long[] gdt = {0, 0x00AF9B000000FFFFL, 0x00CF93000000FFFFL, 0x00CFFB000000FFFFL, 0x00CFF3000000FFFFL, 0x00AFFB000000FFFFL};
        for (int i = 0; i < gdt.length; i++) {
            memory.writeLong(0x1000 + i * 8, gdt[i]);
        }
        memory.writeLong(0xA004, 0x6000);
        memory.writeLong(0xA024, 0x5000);
        SegmentState data = new SegmentState(0x10, 0, -1, 0xC093);
        SegmentState[] segments = {data, new SegmentState(8, 0, -1, 0xA09B), data, data, data, data,
            new SegmentState(0, 0, 0, 0x10082), new SegmentState(0x30, 0xA000, 0x67, 0x8B)};
        long[] gpr = new long[16];
        gpr[4] = 0x8000;
        vp.state(new ProcessorState(gpr, 0x1_0000, 2, segments, 0x1000, 0x2F, 0x9000, 0xFFF, 0x8005_0033L, 0, 0x2000, 0x620, 0, 0x500,
                null, Map.of(), null));
    }

    /** A further processor, in its reset state. */
    VirtualProcessor addProcessor(int index) throws BackendException {
        return partition.createProcessor(index, partition.supportedCpuid());
    }

    /** Lets user code reach everything. */
    void userPages() {
        for (long i = 0; i < 8; i++) {
            memory.writeLong(0x4000 + i * 8, i << 21 | 0x87);
        }
    }

    /** Puts an interrupt gate for {@code vector} and its code in place. */
    void handler(int vector, int ist, byte[] code) {
        long at = HANDLERS + vector * 0x40L;
        memory.write(at, code);
        memory.writeLong(0x9000 + vector * 16L, at & 0xFFFF | 8 << 16 | (long) ist << 32 | 0xEE00L << 32 | (at & 0xFFFF_0000L) << 32);
        memory.writeLong(0x9008 + vector * 16L, at >>> 32);
    }

    /** Calls this when the guest writes to the port. */
    void onPort(int port, Runnable action) {
        ports.put(port, action);
    }

    void load(String hex) {
        memory.write(0x1_0000, HexFormat.of().parseHex(hex));
    }

    /** Firmware at the top of the first 4 GiB: 64 KiB, with a jump to its start at the reset vector. */
    void resetCode(String hex) {
        var rom = arena.allocate(0x1_0000, 4096);
        byte[] code = HexFormat.of().parseHex(hex);
        java.lang.foreign.MemorySegment.copy(code, 0, rom, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, code.length);
        // JMP NEAR from FFF0 to 0000.
        byte[] jump = HexFormat.of().parseHex("e90d00");
        java.lang.foreign.MemorySegment.copy(jump, 0, rom, java.lang.foreign.ValueLayout.JAVA_BYTE, 0xFFF0, jump.length);
        memory.add(new MemoryRegion(0xFFFF_0000L, rom, MemoryRegion.Kind.ROM));
    }

    void runs(String hex) {
        load(hex);
        VirtualProcessor.Outcome outcome = vp.run(bus);
        assertEquals(VirtualProcessor.Outcome.KICKED, outcome, () -> ((SoftwareProcessor) vp).describe());
    }

    @Override
    public void close() {
        vp.close();
        partition.close();
        clock.close();
        arena.close();
    }

    private final class TestBus implements ProcessorBus {
        @Override
        public int readPort(int port, int size) {
            return -1;
        }

        @Override
        public void writePort(int port, int size, int value) {
            if (port == 0xF4) {
                vp.kick();
            } else if (ports.containsKey(port)) {
                ports.get(port).run();
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
        public long readMsr(int msr) throws MsrFault {
            throw MsrFault.INSTANCE;
        }

        @Override
        public void writeMsr(int msr, long value) throws MsrFault {
            throw MsrFault.INSTANCE;
        }
    }
}
