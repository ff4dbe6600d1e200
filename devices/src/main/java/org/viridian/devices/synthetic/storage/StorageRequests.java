package org.viridian.devices.synthetic.storage;

import java.nio.ByteBuffer;
import org.viridian.engine.device.Counter;
import org.viridian.vmbus.channel.GpaRange;
import org.viridian.vmbus.channel.Packet;

/**
 * The SCSI requests of one channel, primary or sub-channel: checked, given to the unit they are for, answered exactly once
 * on the channel they came from. Commands that touch the medium run on the disk's threads, the others at once.
 *
 * <p>Thread rule: {@link #execute} on the channel's worker; answers leave on any thread.
 */
final class StorageRequests {
    /** Offset of the request in the packet. */
    static final int HEADER = 12;
    /** Bytes of an answer. */
    static final int PACKET = 64;
    static final int COMPLETE_IO = 1;

    private static final int CDB = HEADER + 16;
    private static final int CDB_SIZE = 16;
    private static final int SENSE_ROOM = 20;
    private static final int STATUS_SUCCESS = 0;
    private static final int STATUS_NO_SUCH_LUN = 0xC00000C0;
    private static final int STATUS_IO_DEVICE_ERROR = 0xC0000185;

    private final Units units;
    private final int maxTransfer;
    private final Counter commands;
    private final Replies replies;
    private final Outstanding outstanding = new Outstanding();

    /** Where the units are. */
    interface Units {
        /** The unit of a LUN on path 0, target 0, or null. */
        LogicalUnit unit(int lun);

        /** All LUNs, in order. */
        int[] luns();
    }

    /** The way back to the guest. */
    @FunctionalInterface
    interface Replies {
        void complete(long transactionId, byte[] payload);
    }

    StorageRequests(Units units, int maxTransfer, Counter commands, Replies replies) {
        this.units = units;
        this.maxTransfer = maxTransfer;
        this.commands = commands;
        this.replies = replies;
    }

    /** Waits until every request has been answered. */
    void drain() {
        outstanding.drain();
    }

    /**
     * Runs a command.
     *
     * @param request the packet's bytes
     * @param answer a copy of them, to become the answer
     */
    void execute(ByteBuffer request, ByteBuffer answer, Packet packet) {
        commands.increment();
        outstanding.begin();
        boolean given = false;
        try {
            ScsiRequest command = command(request, packet);
            if (command == null) {
                finish(ScsiResult.invalidRequest(), request, answer, packet);
                given = true;
                return;
            }
            boolean here = request.get(HEADER + 5) == 0 && request.get(HEADER + 6) == 0;
            LogicalUnit unit = here ? units.unit(request.get(HEADER + 7) & 0xFF) : null;
            DiskWorkers.Kind kind = unit == null || command.opcode() == Opcode.REPORT_LUNS ? null : Opcode.work(command.opcode());
            if (kind == null) {
                finish(command.opcode() == Opcode.REPORT_LUNS ? reportLuns(command, here)
                        : unit == null ? absent(command) : perform(unit, command), request, answer, packet);
            } else {
                unit.workers().submit(kind, () -> finish(perform(unit, command), request, answer, packet));
            }
            given = true;
        } finally {
            if (!given) {
                outstanding.end();
            }
        }
    }

    /** The request copied and checked, or null. */
    private ScsiRequest command(ByteBuffer request, Packet packet) {
        int length = request.getInt(HEADER + 12);
        GpaRange buffer = packet.ranges().isEmpty() ? null : packet.ranges().getFirst();
        int available = buffer == null ? 0 : buffer.length();
        int cdbLength = request.get(HEADER + 8) & 0xFF;
        if (packet.fault() != null || packet.ranges().size() > 1 || length < 0 || length > maxTransfer || length > available
                || cdbLength > CDB_SIZE) {
            return null;
        }
        byte[] cdb = new byte[CDB_SIZE];
        request.get(CDB, cdb, 0, cdbLength);
        return new ScsiRequest(cdb, request.get(HEADER + 10) & 0xFF, length, buffer);
    }

    /** A bug in a command must not leave the guest waiting. */
    private static ScsiResult perform(LogicalUnit unit, ScsiRequest command) {
        try {
            return unit.execute(command);
        } catch (RuntimeException | Error bug) {
            System.getLogger("org.viridian.devices.storage").log(System.Logger.Level.ERROR, "SCSI command", bug);
            return ScsiResult.check(Sense.INTERNAL_TARGET_FAILURE);
        }
    }

    private void finish(ScsiResult result, ByteBuffer request, ByteBuffer answer, Packet packet) {
        try {
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
            int status = result.succeeded() ? STATUS_SUCCESS : result.lunMissing() ? STATUS_NO_SUCH_LUN : STATUS_IO_DEVICE_ERROR;
            answer.putInt(0, COMPLETE_IO).putInt(8, status);
            if (packet.completionRequested()) {
                replies.complete(packet.transactionId(), answer.array());
            }
        } finally {
            outstanding.end();
        }
    }

    private ScsiResult reportLuns(ScsiRequest command, boolean here) {
        int[] luns = here ? units.luns() : new int[0];
        byte[] data = new byte[8 + 8 * luns.length];
        BigEndian.put32(data, 0, 8L * luns.length);
        for (int i = 0; i < luns.length; i++) {
            data[8 + 8 * i + 1] = (byte) luns[i];
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
