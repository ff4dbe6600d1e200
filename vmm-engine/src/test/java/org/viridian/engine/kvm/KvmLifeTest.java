package org.viridian.engine.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.viridian.engine.hyperv.HypervisorInterface;
import org.viridian.engine.memory.HostPages;
import org.viridian.engine.memory.MemoryRegion;
import org.viridian.engine.partition.Partition;
import org.viridian.engine.partition.PartitionListener;

/** Whole partitions on a real KVM: the hypervisor interface in use, and 200 lives that leave nothing behind. Last in the rig, whose time is short. */
@Tag("kvm")
@Order(Integer.MAX_VALUE)
class KvmLifeTest {
    private static final int CYCLES = Integer.getInteger("viridian.kvm.cycles", 200);
    private static final int WARM_UP = 5;
    /** The JVM and malloc map arenas as they please; a leak would show as one or more for each life. */
    private static final int ALLOCATOR_SLACK = CYCLES / 2;
    private static final int MEMORY = 0x100000;
    private static final int HYPERCALL_PAGE = 0x90000;
    private static final int MESSAGE_IN = 0x91000;
    private static final int MESSAGE_PAGE = 0x92000;
    private static final int SINT2_SLOT = MESSAGE_PAGE + 0x200;
    private static final int CONNECTION = 7;

    @BeforeEach
    void needsKvm() {
        try {
            KvmDevice.open().close();
        } catch (KvmUnavailableException unavailable) {
            Assumptions.abort(unavailable.getMessage());
        }
    }

    /** The guest of {@link #hypercallsEventsAndMessages}: what hv_vmbus does, in thirty instructions. */
    private static Code vmbusLikeGuest() {
        return new Code(GuestBench.CODE)
                .mov(Code.EAX, 0x40000000).raw(0x31, 0xC9, 0x0F, 0xA2).store(0x70000, Code.EBX)
                .wrmsr(0x40000000, 0x8100_0006_01C0_0000L)
                .wrmsr(0x40000001, HYPERCALL_PAGE | 1)
                .wrmsr(0x40000080, 1).wrmsr(0x40000083, MESSAGE_PAGE | 1).wrmsr(0x40000092, 0xF3)
                .storeHigh(0xFEE0_00F0, 0x1FF)
                // SignalEvent, fast: the doorbell.
                .mov(Code.ECX, 0x1005D).mov(Code.EDX, CONNECTION).call(HYPERCALL_PAGE).store(0x70004, Code.EAX)
                // PostMessage.
                .mov(Code.ECX, 0x5C).mov(Code.EDX, MESSAGE_IN).call(HYPERCALL_PAGE).store(0x70008, Code.EAX)
                // An unknown call.
                .mov(Code.ECX, 0x7777).mov(Code.EDX, 0).call(HYPERCALL_PAGE).store(0x7000C, Code.EAX)
                .idle();
    }

    @Test
    void hypercallsEventsAndMessages() throws Exception {
        try (HostPages pages = HostPages.allocate(MEMORY); Partition partition = new Partition("hv", 1, new KvmBackend())) {
            partition.memory().add(new MemoryRegion(0, pages.segment(), MemoryRegion.Kind.RAM));
            HypervisorInterface hypervisor = new HypervisorInterface(partition, 1);
            partition.createProcessors(1, hypervisor.cpuid());
            GuestBench.install(partition.memory(), vmbusLikeGuest());
            GuestBench.handler(partition.memory(), 0xF3, new Code(GuestBench.HANDLERS)
                    .load(Code.EAX, SINT2_SLOT + 16).outWide(0xE8)
                    .mov(Code.EAX, 0).store(SINT2_SLOT, Code.EAX).wrmsr(0x40000084, 0)
                    .storeHigh(0xFEE0_00B0, 0).iret(), GuestBench.HANDLERS);
            partition.memory().writeInt(MESSAGE_IN, 1);
            partition.memory().writeInt(MESSAGE_IN + 8, 1);
            partition.memory().writeInt(MESSAGE_IN + 12, 4);
            partition.memory().writeInt(MESSAGE_IN + 16, 0xCAFE);

            CountDownLatch signalled = new CountDownLatch(1);
            CountDownLatch answers = new CountDownLatch(3);
            StringBuilder seen = new StringBuilder();
            hypervisor.synic().eventPort(CONNECTION, signalled::countDown);
            hypervisor.synic().messagePort(1, (type, payload) -> {
                for (int i = 1; i <= 3; i++) {
                    hypervisor.synic().postMessage(0, 2, 1, new byte[] {(byte) i, payload[0], payload[1], 0});
                }
                return 0;
            });
            partition.ports().register(0xE8, 4, new org.viridian.engine.bus.PortHandler() {
                @Override
                public int read(int port, int size) {
                    return 0;
                }

                @Override
                public void write(int port, int size, int value) {
                    seen.append(Integer.toHexString(value)).append(' ');
                    answers.countDown();
                }
            });
            partition.processors().getFirst().state(GuestBench.start());
            partition.start();

            assertTrue(signalled.await(30, TimeUnit.SECONDS), "the event arrives");
            assertTrue(answers.await(30, TimeUnit.SECONDS), "three messages arrive");
            partition.pause();
            assertEquals("cafe01 cafe02 cafe03 ", seen.toString());
            assertEquals(0x7263694D, partition.memory().readInt(0x70000), "CPUID tells the TLFS vendor");
            assertEquals(0, partition.memory().readInt(0x70004));
            assertEquals(0, partition.memory().readInt(0x70008));
            assertEquals(2, partition.memory().readInt(0x7000C), "invalid hypercall code");
        }
    }

    @Test
    void livesLeaveNoDescriptorThreadOrMappingBehind() throws Exception {
        for (int i = 0; i < WARM_UP; i++) {
            live();
        }
        Census before = Census.take();
        for (int i = 0; i < CYCLES; i++) {
            live();
        }
        Census after = Census.take();

        assertEquals(before.descriptors, after.descriptors, "descriptors");
        assertEquals(0, after.processorMappings, "mappings of processors");
        assertTrue(after.threads <= before.threads + 2, () -> before + " became " + after);
        assertTrue(after.allMappings <= before.allMappings + ALLOCATOR_SLACK, () -> before + " became " + after);
    }

    /** Two processors, a doorbell, a pause, a reset asked for by the guest, an end while the guest runs. */
    private static void live() throws Exception {
        try (HostPages pages = HostPages.allocate(MEMORY); Partition partition = new Partition("cycle", 2, new KvmBackend())) {
            partition.memory().add(new MemoryRegion(0, pages.segment(), MemoryRegion.Kind.RAM));
            HypervisorInterface hypervisor = new HypervisorInterface(partition, 2);
            partition.createProcessors(2, hypervisor.cpuid());
            CountDownLatch rung = new CountDownLatch(2);
            hypervisor.synic().eventPort(CONNECTION, rung::countDown);
            Runnable load = () -> {
                GuestBench.install(partition.memory(), new Code(GuestBench.CODE).mov(Code.EAX, CONNECTION).outWide(0xE0)
                        .raw(0x90, 0xEB, 0xFD));
                partition.processors().getFirst().state(GuestBench.start());
            };
            CountDownLatch resets = new CountDownLatch(1);
            partition.addListener(new PartitionListener() {
                @Override
                public void reset(String reason) {
                    load.run();
                    resets.countDown();
                }
            });
            load.run();
            partition.start();
            partition.pause();
            partition.resume();
            partition.requestReset("test");
            assertTrue(resets.await(30, TimeUnit.SECONDS), "reset");
            long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (rung.getCount() == 2 && System.nanoTime() < limit) {
                Thread.onSpinWait();
            }
            assertTrue(rung.getCount() < 2, "doorbell");
        }
    }

    private record Census(long descriptors, long threads, long processorMappings, long allMappings) {
        static Census take() throws IOException, InterruptedException {
            for (int i = 0; i < 5; i++) {
                System.gc();
                Thread.sleep(100);
            }
            long descriptors;
            try (Stream<Path> fds = Files.list(Path.of("/proc/self/fd"))) {
                descriptors = fds.map(Census::target).filter(t -> t.contains("kvm") || t.contains("event")).count();
            }
            long threads;
            try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
                threads = tasks.count();
            }
            var maps = Files.readAllLines(Path.of("/proc/self/maps"));
            return new Census(descriptors, threads, maps.stream().filter(line -> line.contains("kvm-vcpu")).count(), maps.size());
        }

        private static String target(Path fd) {
            try {
                return Files.readSymbolicLink(fd).toString();
            } catch (IOException gone) {
                return "";
            }
        }
    }
}
