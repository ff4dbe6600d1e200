package org.viridian.app.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Locale;
import javafx.scene.Node;
import javafx.scene.control.Labeled;
import javafx.scene.control.TextInputControl;
import javafx.scene.image.Image;
import javafx.scene.input.KeyCode;
import org.junit.jupiter.api.Test;
import org.testfx.util.WaitForAsyncUtils;
import org.viridian.app.library.FakeMachine;
import org.viridian.app.machine.Ending;
import org.viridian.app.ui.view.Theme;
import org.viridian.devices.input.PointerSink;
import org.viridian.display.canvas.Scaling;
import org.viridian.display.canvas.SurfaceView;
import org.viridian.display.surface.Surface.Rect;
import org.viridian.engine.partition.GuestCrash;

/** Journeys through the windows, with a real library and a machine that has no guest. */
class MainWindowTest extends WindowFixture {
    @Test
    void firstRunToTypingInTheConsole() throws Exception {
        await("empty state", () -> find(Ids.EMPTY_STATE).isPresent());
        shoot("empty-en-light");
        click(Ids.QUICK_CREATE);
        await("quick create", () -> find(Ids.QUICK_CREATE_BUTTON).isPresent());
        shoot("quick-create-en-light");
        robot.type(KeyCode.ENTER);
        await("machine", () -> machine.get() != null && library.list().getFirst().name().equals("debian-12"));
        await("console captured", () -> text(Ids.CAPTURE_STATE).contains("Ctrl+Alt+Left"));

        robot.type(KeyCode.L, KeyCode.S);
        await("keys", () -> machine.get().keys.size() == 4);
        assertEquals(List.of(0x26, 0x26 | 1 << 31, 0x1F, 0x1F | 1 << 31), machine.get().keys);
        // Tab is the guest's while captured, and does not walk through the window.
        robot.type(KeyCode.TAB);
        await("tab", () -> machine.get().keys.contains(0x0F));
        assertTrue(text(Ids.CAPTURE_STATE).contains("Ctrl+Alt+Left"));

        machine.get().keys.clear();
        robot.press(KeyCode.CONTROL, KeyCode.ALT, KeyCode.LEFT).release(KeyCode.LEFT, KeyCode.ALT, KeyCode.CONTROL);
        await("released", () -> text(Ids.CAPTURE_STATE).contains("yours"));
        assertFalse(machine.get().keys.contains(0x14B), "the chord's last key stays with the host");
        assertTrue(machine.get().keys.contains(0x1D | 1 << 31) && machine.get().keys.contains(0x38 | 1 << 31),
                "no modifier sticks: " + machine.get().keys);

        machine.get().keys.clear();
        click(Ids.CTRL_ALT_DEL);
        await("ctrl-alt-del", () -> machine.get().keys.equals(List.of(0x1D, 0x38, 0x153, 0x153 | 1 << 31, 0x38 | 1 << 31,
                0x1D | 1 << 31)));

        SurfaceView view = (SurfaceView) node(Ids.CONSOLE);
        robot.moveTo(view).press(javafx.scene.input.MouseButton.PRIMARY).release(javafx.scene.input.MouseButton.PRIMARY);
        await("click", () -> machine.get().pointers.stream().anyMatch(p -> p[2] == 1
                && Math.abs(p[0] - PointerSink.MAX / 2) < 300 && Math.abs(p[1] - PointerSink.MAX / 2) < 300));
        await("button up", () -> machine.get().pointers.getLast()[2] == 0);
        robot.press(javafx.scene.input.MouseButton.SECONDARY).release(javafx.scene.input.MouseButton.SECONDARY);
        await("right button", () -> machine.get().pointers.stream().anyMatch(p -> p[2] == 2)
                && machine.get().pointers.getLast()[2] == 0);

        machine.get().crash(new GuestCrash(1, 2, 3, 4, 5, "Kernel panic - not syncing: test\n"));
        await("crash banner", () -> text(Ids.BANNER_TEXT).contains("Kernel panic - not syncing: test"));
        click(Ids.SHUT_DOWN);
        await("off", () -> text(Ids.VM_STATE).equals("Off"));
        await("off page", () -> node(Ids.CONSOLE_OFF).isVisible());
    }

    @Test
    void theConsoleTakesTheKeyboardAgainAfterAVisitToTheDevices() throws Exception {
        startVm();
        await("captured", () -> text(Ids.CAPTURE_STATE).contains("Ctrl+Alt+Left"));
        robot.interact(() -> tab(1));
        await("released", () -> text(Ids.CAPTURE_STATE).contains("yours"));
        robot.interact(() -> tab(0));
        click(Ids.CONSOLE);
        await("captured again", () -> text(Ids.CAPTURE_STATE).contains("Ctrl+Alt+Left"));
        robot.type(KeyCode.L);
        await("keys", () -> machine.get().keys.equals(List.of(0x26, 0x26 | 1 << 31)));
    }

    @Test
    void onlyDamagedPixelsAreDrawnAndExactly() throws Exception {
        startVm();
        SurfaceView view = (SurfaceView) node(Ids.CONSOLE);
        robot.interact(() -> view.scalingProperty().set(Scaling.NATIVE));
        FakeMachine.PaintedSurface surface = machine.get().surface;
        await("first picture", () -> pixel(view, 3, 3) == 0xFF000000);
        surface.paintSilently(new Rect(0, 0, 50, 50), 0xFF0000);
        surface.paint(new Rect(100, 80, 64, 64), 0x00FF7F);
        await("damage", () -> pixel(view, 100, 80) == 0xFF00FF7F && pixel(view, 163, 143) == 0xFF00FF7F);
        assertEquals(0xFF000000, pixel(view, 99, 80));
        assertEquals(0xFF000000, pixel(view, 164, 143));
        assertEquals(0xFF000000, pixel(view, 10, 10), "what no damage names is not copied");
        long drawn = view.drawnFrames();
        Thread.sleep(300);
        assertEquals(drawn, view.drawnFrames(), "nothing is drawn while nothing changes");

        surface.mode(320, 200);
        surface.paint(new Rect(0, 0, 320, 200), 0x123456);
        await("new mode", () -> view.screenWidth() == 320 && pixel(view, 319, 199) == 0xFF123456);
        Image image = new Image(new java.io.ByteArrayInputStream(library.session("test").screenshot()));
        assertEquals(320, image.getWidth());
    }

    @Test
    void deviceManagerFollowsTheHandOver() throws Exception {
        startVm();
        robot.interact(() -> tab(1));
        await("devices", () -> rows().size() == 8);
        await("first state", () -> badge("keyboard").equals("Waiting for driver") && badge("ps2-keyboard").equals("Idle"));
        machine.get().packets.add(400);
        machine.get().loadDrivers();
        await("hand-over", () -> badge("keyboard").equals("Active") && badge("ps2-keyboard").equals("Bypassed"));
        robot.interact(() -> select("keyboard"));
        machine.get().packets.add(1000);
        Thread.sleep(1500);
        machine.get().packets.add(600);
        await("counter", () -> robot.lookup("#" + Ids.DEVICE_DETAILS).lookup(".figure").queryAllAs(Labeled.class).stream()
                .anyMatch(label -> "2,000".equals(label.getText())));
        shoot("devices-en-light");
        robot.interact(() -> window.setTheme(Theme.DARK));
        shoot("devices-en-dark");
        robot.interact(() -> window.setLanguage(Locale.KOREAN));
        await("korean", () -> badge("keyboard").equals("활성"));
        robot.interact(() -> select("keyboard"));
        robot.interact(() -> ((javafx.scene.control.ToggleButton) node(Ids.DEVICES_BY_CONNECTION)).fire());
        Thread.sleep(600);
        shoot("devices-ko-dark");
        robot.interact(() -> window.setTheme(Theme.LIGHT));
        shoot("devices-ko-light");
        robot.interact(() -> tab(0));
        paintText();
        shoot("console-ko-light");
        robot.interact(() -> window.setTheme(Theme.DARK));
        shoot("console-ko-dark");
        machine.get().sendSerial("Linux version 6.1.0\r\n[    0.000000] \u001B[1mbold\u001B[0m words\r\n");
        robot.interact(() -> tab(2));
        await("serial", () -> ((TextInputControl) node(Ids.SERIAL_TEXT)).getText().contains("bold words"));
        shoot("serial-ko-dark");
        machine.get().end(new Ending.Failed("triple fault"));
        await("failure banner", () -> text(Ids.BANNER_TEXT).contains("triple fault"));
    }

    @Test
    void wizardMakesAVmByKeyboardAlone() throws Exception {
        await("empty state", () -> find(Ids.EMPTY_STATE).isPresent());
        robot.interact(() -> window.wizard());
        await("wizard", () -> find(Ids.WIZARD_NAME).isPresent());
        robot.interact(() -> ((TextInputControl) node(Ids.WIZARD_NAME)).setText("no/good"));
        robot.type(KeyCode.ENTER);
        await("problem", () -> text(Ids.PROBLEM_PREFIX + Ids.WIZARD_NAME).length() > 5);
        shoot("wizard-name-en-light");
        robot.interact(() -> ((TextInputControl) node(Ids.WIZARD_NAME)).setText("by-keyboard"));
        for (String page : List.of("source", "memory", "processors", "network", "disk", "summary")) {
            robot.type(KeyCode.ENTER);
            WaitForAsyncUtils.waitForFxEvents();
            shoot("wizard-" + page + "-en-light");
        }
        assertEquals("viridian create by-keyboard --memory 512M --cpus 1 --debian cloud --new-disk 1024M",
                ((TextInputControl) node(Ids.WIZARD_COMMAND)).getText());
        robot.type(KeyCode.ENTER);
        await("made and started", () -> machine.get() != null && library.definition("by-keyboard") != null);
        await("running", () -> text(Ids.VM_STATE).equals("Running"));
    }

    @Test
    void everyPageInKoreanAndDark() throws Exception {
        robot.interact(() -> {
            window.setTheme(Theme.DARK);
            window.setLanguage(Locale.KOREAN);
        });
        await("empty state", () -> find(Ids.EMPTY_STATE).map(Node::isVisible).orElse(false));
        shoot("empty-ko-dark");
        robot.interact(() -> window.quickCreate());
        shoot("quick-create-ko-dark");
        robot.type(KeyCode.ESCAPE);
        robot.interact(() -> window.wizard());
        await("wizard", () -> find(Ids.WIZARD_NAME).isPresent());
        for (String page : List.of("name", "source", "memory", "processors", "network", "disk")) {
            shoot("wizard-" + page + "-ko-dark");
            robot.type(KeyCode.ENTER);
            WaitForAsyncUtils.waitForFxEvents();
        }
        shoot("wizard-summary-ko-dark");
        click(Ids.WIZARD_CANCEL);
        await("closed", () -> find(Ids.WIZARD_NAME).isEmpty());
    }
}
