package org.viridian.devices.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SwitchMeetingTest {
    private static final MacAddress A = MacAddress.parse("00:15:5d:00:00:0a");
    private static final MacAddress B = MacAddress.parse("00:15:5d:00:00:0b");
    private static final MacAddress C = MacAddress.parse("00:15:5d:00:00:0c");

    @TempDir
    Path folder;

    private static void eventually(String what, BooleanSupplier condition) throws InterruptedException {
        for (int i = 0; i < 1000 && !condition.getAsBoolean(); i++) {
            Thread.sleep(5);
        }
        assertTrue(condition.getAsBoolean(), what);
    }

    private static SwitchPort adapter(VirtualSwitch on, MacAddress address) {
        SwitchPort port = on.addPort("adapter", address, PortOptions.ADAPTER);
        port.attach(() -> { });
        return port;
    }

    private static void send(SwitchPort from, MacAddress to, int length, int tag) {
        Frame frame = from.frame(length);
        System.arraycopy(to.bytes(), 0, frame.data(), 0, 6);
        System.arraycopy(from.macAddress().bytes(), 0, frame.data(), 6, 6);
        frame.data()[length - 1] = 42;
        frame.tag(tag);
        from.send(frame);
    }

    @Test
    void threeProcessesShareASwitchAndOutliveItsCentre() throws Exception {
        VirtualSwitch one = new VirtualSwitch("lan");
        VirtualSwitch two = new VirtualSwitch("lan");
        VirtualSwitch three = new VirtualSwitch("lan");
        SwitchPort a = adapter(one, A);
        SwitchPort b = adapter(two, B);
        SwitchPort c = adapter(three, C);
        SwitchMeeting first = new SwitchMeeting(one, folder);
        Thread.sleep(50);
        try (SwitchMeeting second = new SwitchMeeting(two, folder); SwitchMeeting third = new SwitchMeeting(three, folder)) {
            eventually("two links at the centre", () -> one.ports().size() == 3 && two.ports().size() == 2 && three.ports().size() == 2);
            send(b, C, 1500, 7);
            eventually("a frame from b to c, over a's process", () -> c.waiting() == 1);
            Frame frame = c.poll();
            assertEquals(1500, frame.length());
            assertEquals(7, frame.tag());
            assertEquals(42, frame.data()[1499]);
            frame.release();
            for (int i = 0; i < 300; i++) {
                send(c, A, 60 + i, Frame.NO_TAG);
            }
            eventually("frames from c to a", () -> a.waiting() == 300);
            assertEquals(0, b.waiting());

            first.close();
            eventually("the rest find each other", () -> {
                send(b, C, 60, Frame.NO_TAG);
                return c.waiting() > 0;
            });
        }
        one.close();
        two.close();
        three.close();
    }
}
