package org.viridian.engine.partition;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.viridian.engine.processor.ProcessorBus;
import org.viridian.engine.processor.VirtualProcessor;

/** The threads of a partition: one per processor, and one that carries out reset, power-off and the like. */
final class ProcessorRunner {
    /** What the control thread is asked to do. */
    sealed interface Request {
        /** Reset the machine. */
        record Reset(String reason) implements Request {}

        /** Power off. */
        record PowerOff(String reason) implements Request {}

        /** End with a status. */
        record Exit(int status) implements Request {}

        /** A processor failed. */
        record Failed(String reason) implements Request {}

        /** End the control thread. */
        record Quit() implements Request {}
    }

    /** A request and the latch that opens when it has been carried out. */
    private record Ticket(Request request, CountDownLatch done) {}

    private final Partition partition;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final LinkedBlockingQueue<Ticket> requests = new LinkedBlockingQueue<>();
    private final List<Thread> threads = new CopyOnWriteArrayList<>();
    private Thread control;

    // Guarded by lock.
    private int holds = 1;

    private int inGuest;
    private boolean closing;
    private boolean ended;

    ProcessorRunner(Partition partition) {
        this.partition = partition;
    }

    void start() {
        control = Thread.ofPlatform().name("control " + partition.name()).daemon().start(this::controlLoop);
        for (VirtualProcessor processor : partition.processors()) {
            threads.add(Thread.ofPlatform()
                    .name("vp" + processor.index() + " " + partition.name())
                    .daemon()
                    .start(() -> processorLoop(processor)));
        }
        release();
    }

    /** Queues a request; the result opens when it has been carried out. */
    CountDownLatch request(Request request) {
        Ticket ticket = new Ticket(request, new CountDownLatch(1));
        requests.add(ticket);
        return ticket.done();
    }

    long processorNanos() {
        ThreadMXBean times = ManagementFactory.getThreadMXBean();
        long sum = 0;
        for (Thread thread : threads) {
            sum += Math.max(0, times.getThreadCpuTime(thread.threadId()));
        }
        return sum;
    }

    void pause() {
        hold();
    }

    void resume() {
        release();
    }

    /** Adds a reason to stand still and waits until every processor does. */
    private void hold() {
        lock.lock();
        try {
            holds++;
            while (inGuest > 0) {
                partition.processors().forEach(VirtualProcessor::kick);
                try {
                    // A kick that meets a processor on its way into run() is remembered by it; the time-out only covers
                    // a processor that was just leaving for another reason.
                    changed.await(5, TimeUnit.MILLISECONDS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                }
            }
            partition.clock().pause();
        } finally {
            lock.unlock();
        }
    }

    private void release() {
        lock.lock();
        try {
            if (holds > 0 && --holds == 0 && !ended) {
                partition.clock().resume();
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean enter() {
        lock.lock();
        try {
            while ((holds > 0 || ended) && !closing) {
                changed.awaitUninterruptibly();
            }
            if (closing) {
                return false;
            }
            inGuest++;
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void leave() {
        lock.lock();
        try {
            inGuest--;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void processorLoop(VirtualProcessor processor) {
        ProcessorBus bus = partition.busFor(processor.index());
        while (enter()) {
            Request request = null;
            try {
                request = switch (processor.run(bus)) {
                    case KICKED -> null;
                    case TRIPLE_FAULT -> new Request.Reset("triple fault on processor " + processor.index());
                    case FAILED -> new Request.Failed(processor.failure());
                };
            } catch (RuntimeException | Error failure) {
                System.getLogger("org.viridian.engine.partition")
                        .log(System.Logger.Level.ERROR, "processor " + processor.index() + " of " + partition.name(), failure);
                request = new Request.Failed("Processor %d stopped at RIP 0x%x: %s".formatted(processor.index(), processor.rip(), failure));
            }
            leave();
            if (request != null) {
                // The processor must not run on before its own request is carried out.
                awaitHandled(request(request));
            }
        }
    }

    private void awaitHandled(CountDownLatch done) {
        try {
            while (!done.await(50, TimeUnit.MILLISECONDS)) {
                lock.lock();
                try {
                    if (closing) {
                        return;
                    }
                } finally {
                    lock.unlock();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void controlLoop() {
        try {
            while (true) {
                Ticket ticket = requests.take();
                Request request = ticket.request();
                if (request instanceof Request.Quit) {
                    return;
                }
                hold();
                try {
                    carryOut(request);
                } catch (RuntimeException failure) {
                    System.getLogger("org.viridian.engine.partition")
                            .log(System.Logger.Level.ERROR, "carrying out " + request, failure);
                    end();
                    partition.listeners().forEach(listener -> listener.failed("The VM cannot go on: " + failure));
                } finally {
                    ticket.done().countDown();
                    release();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void carryOut(Request request) {
        lock.lock();
        try {
            if (ended) {
                return;
            }
        } finally {
            lock.unlock();
        }
        switch (request) {
            case Request.Reset(String reason) -> {
                partition.processors().forEach(VirtualProcessor::reset);
                partition.listeners().forEach(listener -> listener.reset(reason));
            }
            case Request.PowerOff(String reason) -> {
                end();
                partition.listeners().forEach(listener -> listener.poweredOff(reason));
            }
            case Request.Exit(int status) -> {
                end();
                partition.listeners().forEach(listener -> listener.exited(status));
            }
            case Request.Failed(String reason) -> {
                end();
                partition.listeners().forEach(listener -> listener.failed(reason));
            }
            case Request.Quit() -> { }
        }
    }

    private void end() {
        lock.lock();
        try {
            ended = true;
        } finally {
            lock.unlock();
        }
    }

    void close() {
        lock.lock();
        try {
            closing = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        request(new Request.Quit());
        for (Thread thread : threads) {
            while (thread.isAlive() && thread != Thread.currentThread()) {
                partition.processors().forEach(VirtualProcessor::kick);
                join(thread, 5);
            }
        }
        if (control != null && control != Thread.currentThread()) {
            join(control, 0);
        }
    }

    private static void join(Thread thread, long millis) {
        try {
            thread.join(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
