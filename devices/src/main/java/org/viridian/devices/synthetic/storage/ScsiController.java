package org.viridian.devices.synthetic.storage;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListMap;
import org.viridian.devices.storage.DiskImage;
import org.viridian.devices.synthetic.SyntheticDevice;
import org.viridian.engine.clock.VmClock;
import org.viridian.engine.device.Counter;
import org.viridian.engine.device.DeviceNode;
import org.viridian.vmbus.channel.ChannelDevice;
import org.viridian.vmbus.channel.Offer;
import org.viridian.vmbus.channel.Packet;
import org.viridian.vmbus.channel.ProtocolViolation;

/**
 * The storage VSP (Linux drivers/scsi/storvsc_drv.c): one SCSI controller with disks and DVD drives on path 0, target 0.
 * Versions 2.0 to 6.2, with sub-channels. Data moves straight between guest pages and the image; several requests of a disk
 * are under way at a time. Every request gets exactly one completion, whatever happens: the guest would wait for ever.
 *
 * <p>Thread rule: each channel's packets on its worker; units are attached, detached and media changed from any thread. The
 * images belong to the caller, who closes them after {@link #detach} or after the server.
 */
public final class ScsiController extends SyntheticDevice {
    private static final UUID CLASS = UUID.fromString("ba6163d9-04a1-4d29-b605-72e2ffb1dc7f");
    private static final int MAX_LUN = 254;
    /** Bytes of one transfer: four times Hyper-V's, for fewer exits. */
    private static final int MAX_TRANSFER = 0x100000;
    private static final int HEADER = StorageRequests.HEADER;
    private static final int PACKET = StorageRequests.PACKET;
    private static final int MAX_SUB_CHANNELS = 7;

    private static final int COMPLETE_IO = 1;
    private static final int EXECUTE_SRB = 3;
    private static final int RESET_LUN = 4;
    private static final int RESET_ADAPTER = 5;
    private static final int RESET_BUS = 6;
    private static final int BEGIN_INITIALIZATION = 7;
    private static final int END_INITIALIZATION = 8;
    private static final int QUERY_PROTOCOL_VERSION = 9;
    private static final int QUERY_PROPERTIES = 10;
    private static final int ENUMERATE_BUS = 11;
    private static final int CREATE_SUB_CHANNELS = 13;
    private static final int SUPPORTS_MULTI_CHANNEL = 1;

    private static final int STATUS_SUCCESS = 0;
    private static final int STATUS_REVISION_MISMATCH = 0xC0000059;
    private static final int STATUS_INVALID_DEVICE_REQUEST = 0xC0000010;
    private static final int STATUS_INVALID_PARAMETER = 0xC000000D;
    private static final int STATUS_INVALID_DEVICE_STATE = 0xC0000184;
    /** No answer here: the request answers when it is done. */
    private static final int PENDING = 0x103;

    private enum Phase { INITIAL, BEGUN, VERSION_AGREED, RUNNING }

    private final Map<Integer, LogicalUnit> units = new ConcurrentSkipListMap<>();
    private final VmClock clock;
    private final int maxSubChannels;
    private final Counter bytesRead = node().counter("bytes-read");
    private final Counter bytesWritten = node().counter("bytes-written");
    private final Counter commands = node().counter("commands");
    private final StorageRequests.Units lookup = new StorageRequests.Units() {
        @Override
        public LogicalUnit unit(int lun) {
            return units.get(lun);
        }

        @Override
        public int[] luns() {
            return units.keySet().stream().mapToInt(Integer::intValue).toArray();
        }
    };
    private final StorageRequests requests = new StorageRequests(lookup, MAX_TRANSFER, commands, this::complete);

    // Volatile; channel worker.
    private Phase phase = Phase.INITIAL;
    private int requestSize;
    private boolean subChannelsMade;

    /** A controller without units and with one channel. */
    public ScsiController(String id, UUID instance, VmClock clock) {
        this(id, instance, clock, 1);
    }

    /**
     * A controller without units.
     *
     * @param id stable within the VM, such as {@code scsi0}
     * @param instance unique and stable: guests build device paths from it
     * @param clock the VM's time
     * @param processors virtual processors, for each of which the guest may have a channel
     */
    public ScsiController(String id, UUID instance, VmClock clock, int processors) {
        super(id, "Synthetic SCSI Controller", "storage", new Offer(id, CLASS, instance, 0, 0, false), clock);
        this.clock = clock;
        this.maxSubChannels = Math.clamp(processors - 1, 0, MAX_SUB_CHANNELS);
        node().resource("units", () -> units.isEmpty() ? null : describeUnits());
    }

    private String describeUnits() {
        StringBuilder text = new StringBuilder();
        units.forEach((lun, unit) -> text.append(text.isEmpty() ? "" : "; ").append(lun).append(": ").append(unit.product())
                .append(unit.medium() == null ? "" : " " + unit.medium().location()));
        return text.toString();
    }

    /**
     * Attaches a hard disk; a running guest is told to look.
     *
     * @param lun 0–254, free
     * @param id stable and unique; guests name the disk by it
     */
    public void attachDisk(int lun, DiskImage image, UUID id) {
        attachDisk(lun, image, id, image.logicalSectorSize());
    }

    /**
     * Attaches a hard disk with sectors of another size than its image has by itself.
     *
     * @param sector bytes, 512 or 4096; not less than the image's
     */
    public void attachDisk(int lun, DiskImage image, UUID id, int sector) {
        attach(lun, new ScsiDisk(image, id, sector, MAX_TRANSFER, statistics("disk" + lun, "Virtual Disk")));
    }

    /**
     * Attaches a DVD drive.
     *
     * @param lun 0–254, free
     * @param disc the disc in it, or null
     */
    public void attachDvd(int lun, DiskImage disc) {
        attach(lun, new ScsiDvd(disc, statistics("dvd" + lun, "Virtual DVD-ROM")));
    }

    private UnitStatistics statistics(String part, String name) {
        return new UnitStatistics(node().id() + "-" + part, name, clock, bytesRead, bytesWritten);
    }

    private void attach(int lun, LogicalUnit unit) {
        if (lun < 0 || lun > MAX_LUN || units.putIfAbsent(lun, unit) != null) {
            throw new IllegalArgumentException("LUN " + lun);
        }
        enumerate();
    }

    /** The lowest LUN that is free. */
    public int freeLun() {
        int lun = 0;
        while (units.containsKey(lun)) {
            lun++;
        }
        return lun;
    }

    /** Takes a unit away; a running guest is told. On return nothing uses its image any more. */
    public void detach(int lun) {
        LogicalUnit unit = units.remove(lun);
        if (unit != null) {
            enumerate();
            unit.workers().drain();
            unit.workers().close();
        }
    }

    /**
     * Changes the disc in a drive; null takes it out, also from under a guest that has locked the tray. On return nothing
     * uses the old image any more; the caller closes it.
     */
    public void changeDisc(int lun, DiskImage disc) {
        drive(lun).change(disc);
        drive(lun).workers().drain();
    }

    /** Whether the guest has locked the tray of a drive, as it does with a disc it has mounted. */
    public boolean trayLocked(int lun) {
        return drive(lun).locked();
    }

    private ScsiDvd drive(int lun) {
        if (units.get(lun) instanceof ScsiDvd drive) {
            return drive;
        }
        throw new IllegalArgumentException("LUN %d is no DVD drive".formatted(lun));
    }

    /** Tells the guest that a disk has another size. */
    public void resized(int lun) {
        LogicalUnit unit = units.get(lun);
        if (unit != null) {
            unit.raiseAttention(Sense.CAPACITY_CHANGED);
            enumerate();
        }
    }

    /** How the units appear to the device manager, in the order of their LUNs. */
    public List<DeviceNode> unitNodes() {
        return units.values().stream().map(unit -> unit.statistics().node()).toList();
    }

    /** How one unit appears, if it is there. */
    public Optional<DeviceNode> unitNode(int lun) {
        return Optional.ofNullable(units.get(lun)).map(unit -> unit.statistics().node());
    }

    private void enumerate() {
        if (ready()) {
            ByteBuffer message = ByteBuffer.allocate(PACKET).order(ByteOrder.LITTLE_ENDIAN);
            send(message.putInt(0, ENUMERATE_BUS).array());
        }
    }

    @Override
    protected boolean completesItself() {
        return true;
    }

    @Override
    protected void started() {
        phase = Phase.INITIAL;
        requestSize = 0;
        subChannelsMade = false;
        for (LogicalUnit unit : units.values()) {
            if (unit instanceof ScsiDvd drive) {
                drive.reset();
            }
        }
    }

    @Override
    protected void stopped() {
        requests.drain();
    }

    @Override
    public ChannelDevice subChannel(int index) {
        return new StorageSubChannel(offer(), lookup, MAX_TRANSFER, commands);
    }

    @Override
    protected void handle(Packet packet) throws ProtocolViolation {
        if (packet.type() == Packet.COMPLETION) {
            return;
        }
        byte[] payload = packet.payload();
        if (payload.length < HEADER) {
            throw new ProtocolViolation("storage packet of %d bytes".formatted(payload.length));
        }
        ByteBuffer request = ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN);
        // The answer repeats the request, changed where the answer says more.
        byte[] copy = java.util.Arrays.copyOf(payload, Math.clamp(payload.length, HEADER, PACKET));
        ByteBuffer answer = ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN);
        int status = perform(request, answer, packet);
        if (status != PENDING && packet.completionRequested()) {
            answer.putInt(0, COMPLETE_IO).putInt(8, status);
            complete(packet.transactionId(), copy);
        }
    }

    private int perform(ByteBuffer request, ByteBuffer answer, Packet packet) {
        return switch (request.getInt(0)) {
            case BEGIN_INITIALIZATION -> {
                phase = Phase.BEGUN;
                ready(false);
                yield STATUS_SUCCESS;
            }
            case QUERY_PROTOCOL_VERSION -> phase == Phase.INITIAL ? STATUS_INVALID_DEVICE_STATE : negotiate(request);
            case QUERY_PROPERTIES -> phase == Phase.INITIAL || answer.capacity() < 36 ? STATUS_INVALID_DEVICE_STATE : properties(answer);
            case END_INITIALIZATION -> {
                if (phase != Phase.VERSION_AGREED) {
                    yield STATUS_INVALID_DEVICE_STATE;
                }
                phase = Phase.RUNNING;
                ready(true);
                yield STATUS_SUCCESS;
            }
            case CREATE_SUB_CHANNELS -> createSubChannels(request);
            case EXECUTE_SRB -> {
                if (phase != Phase.RUNNING || answer.capacity() < HEADER + requestSize) {
                    yield STATUS_INVALID_DEVICE_STATE;
                }
                requests.execute(request, answer, packet);
                yield PENDING;
            }
            case RESET_LUN, RESET_ADAPTER, RESET_BUS -> {
                // What is under way ends first: the guest then waits for all of it.
                requests.drain();
                yield STATUS_SUCCESS;
            }
            default -> STATUS_INVALID_DEVICE_REQUEST;
        };
    }

    private int negotiate(ByteBuffer request) {
        if (request.capacity() < 16) {
            return STATUS_INVALID_DEVICE_REQUEST;
        }
        int version = request.getShort(HEADER) & 0xFFFF;
        requestSize = switch (version) {
            case 0x0200, 0x0402 -> 36;
            case 0x0501, 0x0600, 0x0602 -> 52;
            default -> 0;
        };
        if (requestSize == 0) {
            return STATUS_REVISION_MISMATCH;
        }
        phase = Phase.VERSION_AGREED;
        return STATUS_SUCCESS;
    }

    private int properties(ByteBuffer answer) {
        for (int offset = HEADER; offset < 36; offset += 4) {
            answer.putInt(offset, 0);
        }
        answer.putShort(16, (short) maxSubChannels);
        answer.putInt(20, maxSubChannels > 0 ? SUPPORTS_MULTI_CHANNEL : 0);
        answer.putInt(24, MAX_TRANSFER);
        return STATUS_SUCCESS;
    }

    /** Windows asks before the end of the initialisation, Linux after it. */
    private int createSubChannels(ByteBuffer request) {
        if (phase != Phase.VERSION_AGREED && phase != Phase.RUNNING || subChannelsMade || request.capacity() < HEADER + 2) {
            return STATUS_INVALID_DEVICE_STATE;
        }
        int count = request.getShort(HEADER) & 0xFFFF;
        if (count == 0 || count > maxSubChannels) {
            return STATUS_INVALID_PARAMETER;
        }
        subChannelsMade = true;
        offerSubChannels(count);
        return STATUS_SUCCESS;
    }
}
