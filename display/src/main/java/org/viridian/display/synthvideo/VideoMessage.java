package org.viridian.display.synthvideo;

import java.nio.ByteBuffer;
import org.viridian.devices.synthetic.PipeMessage;
import org.viridian.vmbus.channel.ProtocolViolation;

/** Types and framing of video messages: pipe header, then u32 type and u32 size, then packed fields. */
final class VideoMessage {
    static final int VERSION_REQUEST = 1;
    static final int VERSION_RESPONSE = 2;
    static final int VRAM_LOCATION = 3;
    static final int VRAM_LOCATION_ACK = 4;
    static final int SITUATION_UPDATE = 5;
    static final int SITUATION_UPDATE_ACK = 6;
    static final int POINTER_POSITION = 7;
    static final int POINTER_SHAPE = 8;
    static final int FEATURE_CHANGE = 9;
    static final int DIRT = 10;
    static final int BIOS_INFO_REQUEST = 11;
    static final int BIOS_INFO_RESPONSE = 12;
    static final int RESOLUTIONS_REQUEST = 13;
    static final int RESOLUTIONS_RESPONSE = 14;
    static final int CAPABILITY_REQUEST = 15;
    static final int CAPABILITY_RESPONSE = 16;

    /** Versions are minor in the high, major in the low half. */
    static final int VERSION_3_2 = 0x0002_0003;
    static final int VERSION_3_5 = 0x0005_0003;
    /** Accepted, and the version is the one echoed. */
    static final int ACCEPTED = 2;

    private static final int HEADER = 8;

    private VideoMessage() {}

    /** A message to the guest; its fields begin at offset 16 of the result. */
    static ByteBuffer reply(int type, int fields) {
        ByteBuffer message = PipeMessage.allocate(HEADER + fields);
        return message.putInt(8, type).putInt(12, HEADER + fields);
    }

    /** Refuses a message from the guest that is shorter than {@code bytes}, header included. */
    static void require(ByteBuffer message, int bytes) throws ProtocolViolation {
        if (message.capacity() < bytes) {
            throw new ProtocolViolation("video message %d of %d bytes".formatted(message.getInt(0), message.capacity()));
        }
    }
}
