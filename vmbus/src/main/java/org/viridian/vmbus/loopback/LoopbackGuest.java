package org.viridian.vmbus.loopback;

import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.viridian.engine.hyperv.HypercallStatus;
import org.viridian.engine.hyperv.SynicHost;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.MemoryRegion;
import org.viridian.vmbus.protocol.Guids;
import org.viridian.vmbus.protocol.Message;
import org.viridian.vmbus.protocol.MessageType;

/**
 * The guest's side of a VMBus connection. Methods post what Linux would post and wait for the reply; raw posts are possible
 * for those who want to misbehave.
 *
 * <p>Thread rule: one thread.
 */
public final class LoopbackGuest {
    /** How long a reply may take before {@link #await} gives up, ms. */
    public static final long PATIENCE_MILLIS = 5000;

    private static final int PAGE = GuestMemory.PAGE_SIZE;
    private static final int MESSAGE_TYPE = 1;
    private static final int OLD_CONNECTION = 1;
    private static final int NEW_CONNECTION = 4;
    private static final int VERSION_5_0 = 0x0005_0000;
    private static final int FIRST_GPADL = 0xE1E10;
    private static final int PAGES_IN_HEADER = 26;
    private static final int PAGES_IN_BODY = 28;

    private final GuestMemory memory = new GuestMemory();
    private final LoopbackSynic synic;
    private final ArrayDeque<Long> freePages = new ArrayDeque<>();
    private final ArrayDeque<Message> unread = new ArrayDeque<>();
    private int connectionId = NEW_CONNECTION;
    private int messageVp;
    private int nextGpadl = FIRST_GPADL;

    /** An offer as it arrived. */
    public record Offered(UUID interfaceType, UUID instance, int flags, int mmioMegabytes, int userDefined, int subChannel,
            int relid, int monitorId, int monitorAllocated, int dedicatedInterrupt, int connectionId) {}

    /**
     * A guest with RAM at address 0.
     *
     * @param ramBytes a multiple of the page size
     * @param processors virtual processors
     * @param seed decides the order in which pages are handed out
     */
    public LoopbackGuest(long ramBytes, int processors, long seed) {
        memory.add(new MemoryRegion(0, Arena.ofAuto().allocate(ramBytes, PAGE), MemoryRegion.Kind.RAM));
        synic = new LoopbackSynic(processors);
        List<Long> pages = new ArrayList<>();
        for (long page = 1; page < ramBytes / PAGE; page++) {
            pages.add(page);
        }
        Collections.shuffle(pages, new Random(seed));
        freePages.addAll(pages);
    }

    /** The guest's memory, for the server. */
    public GuestMemory memory() {
        return memory;
    }

    /** The way to the server. */
    public SynicHost synic() {
        return synic;
    }

    /** Takes {@code count} zeroed pages, in no order. */
    public long[] pages(int count) {
        long[] pages = new long[count];
        for (int i = 0; i < count; i++) {
            pages[i] = freePages.remove();
            memory.clear(pages[i] * PAGE, PAGE);
        }
        return pages;
    }

    /** Gives pages back. */
    public void free(long[] pages) {
        for (long page : pages) {
            freePages.add(page);
        }
    }

    /** How often the server has interrupted a processor. */
    public long interrupts() {
        return synic.interrupts.get();
    }

    // Messages.

    /** Posts any bytes; returns the hypercall's status. */
    public int post(byte[] message) {
        return synic.post(connectionId, MESSAGE_TYPE, message);
    }

    /** Posts a message, again and again while the host has no buffer for it, as Linux does; returns the hypercall's status. */
    public int post(Message message) {
        int status = post(message.array());
        while (status == HypercallStatus.INSUFFICIENT_BUFFERS) {
            Thread.yield();
            status = post(message.array());
        }
        return status;
    }

    /** Raises the host's event for a channel; returns the hypercall's status. */
    public int signal(int channelConnectionId) {
        return synic.signal(channelConnectionId);
    }

    boolean takeFlag(int vp, int flag) {
        return synic.takeFlag(vp, flag);
    }

    /** The next message of a type, or null when none comes in time; others are kept for later calls. */
    public Message poll(int type, long millis) {
        for (Message message : unread) {
            if (message.type() == type) {
                unread.remove(message);
                return message;
            }
        }
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        try {
            while (true) {
                byte[] next = synic.messages(messageVp).poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                if (next == null) {
                    return null;
                }
                Message message = Message.parse(next);
                if (message.type() == type) {
                    return message;
                }
                unread.add(message);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }

    /** The next message of a type; throws {@link IllegalStateException} when none comes. */
    public Message await(int type) {
        Message message = poll(type, PATIENCE_MILLIS);
        if (message == null) {
            throw new IllegalStateException("no message of type " + type);
        }
        return message;
    }

    // Connection.

    /** Asks for a version on processor {@code vp}; returns the response. */
    public Message initiateContact(int version, int vp) {
        boolean modern = Integer.compareUnsigned(version, VERSION_5_0) >= 0;
        connectionId = modern ? NEW_CONNECTION : OLD_CONNECTION;
        messageVp = vp;
        unread.clear();
        Message message = Message.of(MessageType.INITIATE_CONTACT, 40).u32(8, version).u32(12, vp);
        if (modern) {
            message.u32(16, 2);
        }
        post(message);
        return await(MessageType.VERSION_RESPONSE);
    }

    /** Asks for version 5.3 and for the offers. */
    public List<Offered> connect() {
        if (initiateContact(0x0005_0003, 0).bytes().get(8) == 0) {
            throw new IllegalStateException("version 5.3 was refused");
        }
        return requestOffers();
    }

    /** Asks for the offers. */
    public List<Offered> requestOffers() {
        post(Message.of(MessageType.REQUEST_OFFERS, 8));
        await(MessageType.ALL_OFFERS_DELIVERED);
        List<Offered> offers = new ArrayList<>();
        Message message = poll(MessageType.OFFER_CHANNEL, 0);
        while (message != null) {
            offers.add(offered(message));
            message = poll(MessageType.OFFER_CHANNEL, 0);
        }
        return offers;
    }

    /** Reads an offer. */
    public static Offered offered(Message message) {
        var bytes = message.bytes();
        return new Offered(Guids.get(bytes, 8), Guids.get(bytes, 24), bytes.getShort(56) & 0xFFFF, bytes.getShort(58) & 0xFFFF,
                bytes.getInt(60), bytes.getShort(180) & 0xFFFF, bytes.getInt(184), bytes.get(188) & 0xFF, bytes.get(189) & 1,
                bytes.getShort(190) & 1, bytes.getInt(192));
    }

    /** Ends the connection. */
    public void unload() {
        post(Message.of(MessageType.UNLOAD, 8));
        await(MessageType.UNLOAD_RESPONSE);
    }

    // Page lists and channels.

    /** Posts a page list of whole pages in as many messages as it takes; returns its id without waiting. */
    public int postGpadl(int relid, long[] pages) {
        int id = nextGpadl++;
        int inHeader = Math.min(pages.length, PAGES_IN_HEADER);
        Message header = Message.of(MessageType.GPADL_HEADER, 28 + 8 * inHeader).u32(8, relid).u32(12, id);
        header.bytes().putShort(16, (short) (8 + 8 * pages.length)).putShort(18, (short) 1);
        header.u32(20, pages.length * PAGE).u32(24, 0);
        for (int i = 0; i < inHeader; i++) {
            header.bytes().putLong(28 + 8 * i, pages[i]);
        }
        post(header);
        for (int at = inHeader; at < pages.length; at += PAGES_IN_BODY) {
            int count = Math.min(pages.length - at, PAGES_IN_BODY);
            Message body = Message.of(MessageType.GPADL_BODY, 16 + 8 * count).u32(12, id);
            for (int i = 0; i < count; i++) {
                body.bytes().putLong(16 + 8 * i, pages[at + i]);
            }
            post(body);
        }
        return id;
    }

    /** Lends pages to a channel; returns the id. Throws {@link IllegalStateException} when the host refuses. */
    public int createGpadl(int relid, long[] pages) {
        int id = postGpadl(relid, pages);
        Message created = await(MessageType.GPADL_CREATED);
        if (created.u32(8) != relid || created.u32(12) != id || created.u32(16) != 0) {
            throw new IllegalStateException("page list %x: status %x".formatted(id, created.u32(16)));
        }
        return id;
    }

    /** Takes pages back; on return the host never touches them again. */
    public void teardownGpadl(int relid, int id) {
        post(Message.of(MessageType.GPADL_TEARDOWN, 16).u32(8, relid).u32(12, id));
        if (await(MessageType.GPADL_TORNDOWN).u32(8) != id) {
            throw new IllegalStateException("another page list was torn down");
        }
    }

    /** Opens a channel with two rings of {@code ringPages} pages each, control pages included, interrupts on processor 0. */
    public LoopbackChannel open(Offered offer, int ringPages) {
        long[] pages = pages(2 * ringPages);
        int gpadl = createGpadl(offer.relid(), pages);
        LoopbackChannel channel = new LoopbackChannel(this, offer, pages, gpadl, 0);
        int status = open(offer.relid(), gpadl, 0, ringPages);
        if (status != 0) {
            throw new IllegalStateException("open: status %x".formatted(status));
        }
        return channel;
    }

    /** Posts OPENCHANNEL with any values; returns the status. */
    public int open(int relid, int gpadl, int targetVp, int downstreamPage) {
        post(Message.of(MessageType.OPEN_CHANNEL, 148).u32(8, relid).u32(12, relid).u32(16, gpadl).u32(20, targetVp)
                .u32(24, downstreamPage));
        Message result = await(MessageType.OPEN_CHANNEL_RESULT);
        if (result.u32(8) != relid || result.u32(12) != relid) {
            throw new IllegalStateException("result for another channel");
        }
        return result.u32(16);
    }
}
