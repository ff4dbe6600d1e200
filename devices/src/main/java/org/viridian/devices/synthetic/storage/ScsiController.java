package org.viridian.devices.synthetic.storage;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListMap;
import org.viridian.devices.storage.DiskImage;
import org.viridian.devices.synthetic.SyntheticDevice;
import org.viridian.engine.clock.VmClock;
import org.viridian.engine.device.Counter;
import org.viridian.vmbus.channel.GpaRange;
import org.viridian.vmbus.channel.Offer;
import org.viridian.vmbus.channel.Packet;
import org.viridian.vmbus.channel.ProtocolViolation;

/**
 * The storage VSP (Linux drivers/scsi/storvsc_drv.c): one SCSI controller with disks and DVD drives on path 0, target 0.
 * Versions 2.0 to 6.0. Data moves straight between guest pages and the image. Every request gets exactly one completion,
 * whatever happens: the guest would wait for ever.
 *
 * <p>Thread rule: requests on the channel's worker, one after another; units are attached and media changed from any
 * thread. The images belong to the caller, who closes them after the server.
 */
public final class ScsiController extends SyntheticDevice {
    private static final UUID CLASS = UUID.fromString("ba6163d9-04a1-4d29-b605-72e2ffb1dc7f");
    private static final int MAX_LUN = 254;
    /** Bytes of one transfer, as Hyper-V. */
    private static final int MAX_TRANSFER = 0x40000;
    private static final int HEADER = 12;
    private static final int PACKET = 64;
    private static final int CDB = HEADER + 16;
    private static final int CDB_SIZE = 16;
    private static final int SENSE_ROOM = 20;

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

    private static final int STATUS_SUCCESS = 0;
    private static final int STATUS_REVISION_MISMATCH = 0xC0000059;
    private static final int STATUS_INVALID_DEVICE_REQUEST = 0xC0000010;
    private static final int STATUS_INVALID_DEVICE_STATE = 0xC0000184;
    private static final int STATUS_NO_SUCH_LUN = 0xC00000C0;
    private static final int STATUS_IO_DEVICE_ERROR = 0xC0000185;

    private enum Phase { INITIAL, BEGUN, VERSION_AGREED, RUNNING }

    private final Map<Integer, LogicalUnit> units = new ConcurrentSkipListMap<>();
    private final Counter bytesRead = node().counter("bytes-read");
    private final Counter bytesWritten = node().counter("bytes-written");
    private final Counter commands = node().counter("commands");
    private final LogicalUnit.Transfers transfers = new LogicalUnit.Transfers() {
        @Override
        public void read(int bytes) {
            bytesRead.add(bytes);
        }

        @Override
        public void written(int bytes) {
            bytesWritten.add(bytes);
        }
    };

    // Volatile; channel worker.
    private Phase phase = Phase.INITIAL;
    private int requestSize;

    /**
     * A controller without units.
     *
     * @param id stable within the VM, such as {@code scsi0}
     * @param instance unique and stable: guests build device paths from it
     * @param clock the VM's time
     */
    public ScsiController(String id, UUID instance, VmClock clock) {
        super(id, "Synthetic SCSI Controller", "storage", new Offer(id, CLASS, instance, 0, 0, false), clock);
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
        attach(lun, new ScsiDisk(image, id, MAX_TRANSFER, transfers));
    }

    /**
     * Attaches a DVD drive.
     *
     * @param lun 0–254, free
     * @param disc the disc in it, or null
     */
    public void attachDvd(int lun, DiskImage disc) {
        attach(lun, new ScsiDvd(disc, transfers));
    }

    private void attach(int lun, LogicalUnit unit) {
        if (lun < 0 || lun > MAX_LUN || units.putIfAbsent(lun, unit) != null) {
            throw new IllegalArgumentException("LUN " + lun);
        }
        enumerate();
    }

    /** Takes a unit away; a running guest is told. The worker may still be using its image for one command. */
    public void detach(int lun) {
        if (units.remove(lun) != null) {
            enumerate();
        }
    }

    /** Changes the disc in a drive; null takes it out. The caller closes the old image. */
    public void changeDisc(int lun, DiskImage disc) {
        if (!(units.get(lun) instanceof ScsiDvd drive)) {
            throw new IllegalArgumentException("LUN %d is no DVD drive".formatted(lun));
        }
        drive.change(disc);
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
        for (LogicalUnit unit : units.values()) {
            if (unit instanceof ScsiDvd drive) {
                drive.reset();
            }
        }
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
        answer.putInt(0, COMPLETE_IO).putInt(8, status);
        if (packet.completionRequested()) {
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
            case EXECUTE_SRB -> phase == Phase.RUNNING && answer.capacity() >= HEADER + requestSize
                    ? execute(request, answer, packet) : STATUS_INVALID_DEVICE_STATE;
            // Requests run one after another: none is outstanding when a reset is read.
            case RESET_LUN, RESET_ADAPTER, RESET_BUS -> STATUS_SUCCESS;
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
            case 0x0501, 0x0600 -> 52;
            default -> 0;
        };
        if (requestSize == 0) {
            return STATUS_REVISION_MISMATCH;
        }
        phase = Phase.VERSION_AGREED;
        return STATUS_SUCCESS;
    }

    private static int properties(ByteBuffer answer) {
        for (int offset = HEADER; offset < 36; offset += 4) {
            answer.putInt(offset, 0);
        }
        answer.putInt(24, MAX_TRANSFER);
        return STATUS_SUCCESS;
    }

    private int execute(ByteBuffer request, ByteBuffer answer, Packet packet) {
        commands.increment();
        ScsiResult result = dispatch(request, packet);
        answer.put(HEADER + 2, (byte) result.srbStatus());
        answer.put(HEADER + 3, (byte) result.scsiStatus());
        answer.putInt(HEADER + 12, result.transferred());
        if (result.sense() == null) {
            answer.put(HEADER + 9, (byte) 0);
        } else {
            int room = Math.min(Math.min(request.get(HEADER + 9) & 0xFF, SENSE_ROOM), Sense.SIZE);
            answer.put(CDB, result.sense().fixed(), 0, room);
            answer.put(HEADER + 9, (byte) room);
        }
        if (result.succeeded()) {
            return STATUS_SUCCESS;
        }
        return result.lunMissing() ? STATUS_NO_SUCH_LUN : STATUS_IO_DEVICE_ERROR;
    }

    private ScsiResult dispatch(ByteBuffer request, Packet packet) {
        int length = request.getInt(HEADER + 12);
        GpaRange buffer = packet.ranges().isEmpty() ? null : packet.ranges().getFirst();
        int available = buffer == null ? 0 : buffer.length();
        if (packet.fault() != null || packet.ranges().size() > 1 || length < 0 || length > MAX_TRANSFER || length > available
                || (request.get(HEADER + 8) & 0xFF) > CDB_SIZE) {
            return ScsiResult.invalidRequest();
        }
        byte[] cdb = new byte[CDB_SIZE];
        request.get(CDB, cdb, 0, Math.min(CDB_SIZE, request.get(HEADER + 8) & 0xFF));
        ScsiRequest command = new ScsiRequest(cdb, request.get(HEADER + 10) & 0xFF, length, buffer);
        int path = request.get(HEADER + 5) & 0xFF;
        int target = request.get(HEADER + 6) & 0xFF;
        int lun = request.get(HEADER + 7) & 0xFF;
        boolean here = path == 0 && target == 0;
        if (command.opcode() == Opcode.REPORT_LUNS) {
            return reportLuns(command, here);
        }
        LogicalUnit unit = here ? units.get(lun) : null;
        return unit == null ? absent(command) : unit.execute(command);
    }

    private ScsiResult reportLuns(ScsiRequest command, boolean here) {
        Integer[] luns = here ? units.keySet().toArray(Integer[]::new) : new Integer[0];
        byte[] data = new byte[8 + 8 * luns.length];
        BigEndian.put32(data, 0, 8L * luns.length);
        for (int i = 0; i < luns.length; i++) {
            data[8 + 8 * i + 1] = luns[i].byteValue();
        }
        return command.reply(data, command.u32(6));
    }

    /** No unit there. INQUIRY must succeed all the same, or Linux would create a nameless one. */
    private static ScsiResult absent(ScsiRequest command) {
        if (command.opcode() != Opcode.INQUIRY) {
            return ScsiResult.invalidLun();
        }
        if (command.bit(1, 1)) {
            return ScsiResult.invalidRequest();
        }
        return command.reply(LogicalUnit.standardInquiry(0x7F, false, "Virtual Disk", true), command.u16(3));
    }
}
