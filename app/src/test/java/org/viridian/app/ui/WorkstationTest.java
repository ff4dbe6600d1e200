package org.viridian.app.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import javafx.scene.control.ButtonBase;
import javafx.scene.control.Labeled;
import javafx.scene.control.MenuButton;
import javafx.scene.control.TabPane;
import javafx.scene.control.TableView;
import javafx.scene.control.TextInputControl;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.TreeView;
import javafx.scene.input.Clipboard;
import javafx.scene.input.ClipboardContent;
import javafx.scene.input.KeyCode;
import javafx.stage.Stage;
import javafx.stage.Window;
import org.junit.jupiter.api.Test;
import org.viridian.app.library.VmState;
import org.viridian.app.ui.view.DeviceRow;
import org.viridian.app.ui.view.Theme;
import org.viridian.display.canvas.Scaling;
import org.viridian.display.canvas.SurfaceView;
import org.viridian.display.surface.Surface.Rect;

/** Console, device manager, library and settings, each through its buttons. */
class WorkstationTest extends WindowFixture {
    @Test
    void consoleInItsOwnWindowAndFillingTheScreen() throws Exception {
        startVm();
        robot.interact(() -> ((SurfaceView) node(Ids.CONSOLE)).scalingProperty().set(Scaling.INTEGER));
        await("scaling is remembered", () -> library.view("test").scaling().equals("integer"));
        fire(Ids.DETACH);
        await("own window", () -> find(Ids.CONSOLE_WINDOW).isPresent() && node(Ids.CONSOLE_ELSEWHERE).isVisible());
        SurfaceView view = (SurfaceView) node(Ids.CONSOLE_WINDOW).lookup("#" + Ids.CONSOLE);
        await("picture there", () -> view.screenWidth() == 640);
        await("scaling is taken along", () -> view.scalingProperty().get() == Scaling.INTEGER);
        machine.get().surface.paint(new Rect(0, 0, 640, 400), 0x00FF7F);
        await("pixels", () -> pixel(view, 5, 5) == 0xFF00FF7F);
        shoot("console-window-en-light");
        await("keys there", () -> ((Labeled) node(Ids.CONSOLE_WINDOW).lookup("#" + Ids.CAPTURE_STATE)).getText()
                .contains("Ctrl+Alt+Left"));
        robot.type(KeyCode.L);
        await("key arrived", () -> machine.get().keys.contains(0x26));

        // The Headless platform fills the screen from where the window is, and fails in every frame when that is not 0,0.
        robot.interact(() -> {
            Window own = node(Ids.CONSOLE_WINDOW).getScene().getWindow();
            own.setX(0);
            own.setY(0);
        });
        robot.press(KeyCode.CONTROL, KeyCode.ALT, KeyCode.ENTER).release(KeyCode.ENTER, KeyCode.ALT, KeyCode.CONTROL);
        await("full screen", () -> ((Stage) node(Ids.CONSOLE_WINDOW).getScene().getWindow()).isFullScreen());
        await("bar", () -> node(Ids.FULL_SCREEN_BAR).isVisible());
        shoot("full-screen-en-light");
        assertFalse(machine.get().keys.contains(0x1C), "the chord's Enter stays with the host");
        fire(Ids.BAR_LEAVE);
        await("back in the window", () -> !((Stage) node(Ids.CONSOLE_WINDOW).getScene().getWindow()).isFullScreen());
        robot.interact(() -> ((ButtonBase) node(Ids.CONSOLE_BACK)).fire());
        await("back in the tab", () -> find(Ids.CONSOLE_WINDOW).isEmpty() && !node(Ids.CONSOLE_ELSEWHERE).isVisible());
        await("picture in the tab", () -> ((SurfaceView) node(Ids.CONSOLE)).screenWidth() == 640);
    }

    @Test
    void textIsTypedAndStopped() throws Exception {
        startVm();
        machine.get().keys.clear();
        robot.interact(() -> {
            ClipboardContent content = new ClipboardContent();
            content.putString("ab\n");
            Clipboard.getSystemClipboard().setContent(content);
            ((MenuButton) node(Ids.SEND_KEYS)).getItems().getFirst().fire();
        });
        await("proposal", () -> ((TextInputControl) node(Ids.TYPING_TEXT)).getText().equals("ab\n"));
        shoot("typing-en-light");
        robot.interact(() -> ((TextInputControl) node(Ids.TYPING_TEXT)).setText("a\uD55C"));
        await("no key for it", () -> node(Ids.TYPING_START).isDisabled());
        robot.interact(() -> ((TextInputControl) node(Ids.TYPING_TEXT)).setText("ab\n"));
        fire(Ids.TYPING_START);
        await("typed", () -> find(Ids.TYPING).isEmpty());
        assertEquals(List.of(0x1E, 0x1E | 1 << 31, 0x30, 0x30 | 1 << 31, 0x1C, 0x1C | 1 << 31), machine.get().keys);

        robot.interact(() -> ((MenuButton) node(Ids.SEND_KEYS)).getItems().getFirst().fire());
        robot.interact(() -> ((TextInputControl) node(Ids.TYPING_TEXT)).setText("a".repeat(5000)));
        fire(Ids.TYPING_START);
        await("typing", () -> text(Ids.TYPING_COUNT).matches("[1-9].* of 5,000 .*"));
        fire(Ids.TYPING_CANCEL);
        await("stopped", () -> !node(Ids.TYPING_START).isDisabled());
        int keys = machine.get().keys.size();
        Thread.sleep(200);
        assertEquals(keys, machine.get().keys.size(), "nothing is typed after Cancel");
        assertEquals(0, keys % 2, "no key is left down");
        fire(Ids.TYPING_CANCEL);

        machine.get().keys.clear();
        robot.interact(() -> ((MenuButton) node(Ids.SEND_KEYS)).getItems().stream()
                .filter(item -> "key-alt-tab".equals(item.getId())).findFirst().orElseThrow().fire());
        await("chord", () -> machine.get().keys.equals(List.of(0x38, 0x0F, 0x0F | 1 << 31, 0x38 | 1 << 31)));
    }

    @Test
    void serialPortIsATerminal() throws Exception {
        startVm();
        machine.get().sendSerial("\u001B[2J\u001B[H\u001B[1;32mgreen\u001B[0m login: ");
        robot.interact(() -> tab(2));
        await("terminal", () -> node(Ids.TERMINAL).isVisible());
        Thread.sleep(400);
        shoot("terminal-en-light");
        robot.interact(() -> node(Ids.TERMINAL).requestFocus());
        robot.type(KeyCode.R, KeyCode.UP, KeyCode.ENTER);
        robot.press(KeyCode.CONTROL).type(KeyCode.C).release(KeyCode.CONTROL);
        await("typed", () -> machine.get().serialText().endsWith("r\u001B[A\r\u0003"));
        robot.interact(() -> ((ToggleButton) node(Ids.SERIAL_AS_TEXT)).fire());
        robot.interact(() -> ((TextInputControl) node(Ids.SERIAL_SEARCH)).setText("LOGIN"));
        robot.interact(() -> node(Ids.SERIAL_SEARCH).requestFocus());
        robot.type(KeyCode.ENTER);
        await("found", () -> ((TextInputControl) node(Ids.SERIAL_TEXT)).getSelectedText().equals("login"));
    }

    @Test
    void devicesByResourceWithTabsAndExport() throws Exception {
        startVm();
        robot.interact(() -> tab(1));
        await("devices", () -> rows().size() == 8);
        robot.interact(() -> select("keyboard"));
        await("waits for a driver", () -> text(Ids.DEVICE_WHY).contains("hyperv-keyboard"));
        machine.get().loadDrivers();
        await("active", () -> text(Ids.DEVICE_STATE).equals("Active"));
        for (int i = 0; i < 5; i++) {
            int index = i;
            robot.interact(() -> ((TabPane) node(Ids.DEVICE_DETAILS).lookup(".tab-pane")).getSelectionModel().select(index));
            shoot("device-tab-" + i + "-en-light");
        }
        robot.interact(() -> ((ToggleButton) node(Ids.DEVICES_BY_RESOURCE)).fire());
        await("resources", () -> rows().stream().map(row -> row.getValue().toString()).collect(Collectors.toSet())
                .containsAll(Set.of("0x60 ps2-keyboard", "0x64 ps2-keyboard", "1 ps2-keyboard", "3 keyboard")));
        assertTrue(rows().stream().allMatch(row -> row.getValue() instanceof DeviceRow.Resource));
        shoot("devices-by-resource-en-light");
        Path json = home.resolve("devices.json");
        nextFile.set(json);
        robot.interact(() -> ((MenuButton) node(Ids.DEVICES_EXPORT)).getItems().getFirst().fire());
        await("exported", () -> Files.exists(json) && Files.readString(json).contains("\"vm\" : \"test\""));
        assertTrue(Files.readString(json).contains("\"state\" : \"bypassed\""));
        Path report = home.resolve("devices.txt");
        nextFile.set(report);
        robot.interact(() -> ((MenuButton) node(Ids.DEVICES_EXPORT)).getItems().get(1).fire());
        await("reported", () -> Files.exists(report) && Files.readString(report).contains("PS/2 keyboard (8042)"));
        robot.interact(() -> {
            window.setTheme(Theme.DARK);
            window.setLanguage(Locale.KOREAN);
        });
        await("korean", () -> rows().size() == 8);
        robot.interact(() -> ((ToggleButton) node(Ids.DEVICES_BY_RESOURCE)).fire());
        shoot("devices-by-resource-ko-dark");
    }

    @Test
    void libraryFilesClonesRenamesAndMovesVms() throws Exception {
        startVm();
        machine.get().close();
        await("off", () -> text(Ids.VM_STATE).equals("Off"));
        menu("clone");
        await("name asked", () -> find(Ids.NAME_FIELD).isPresent());
        assertEquals("test-copy", ((TextInputControl) node(Ids.NAME_FIELD)).getText());
        robot.interact(() -> ((TextInputControl) node(Ids.NAME_FIELD)).setText("test"));
        fire(Ids.CONFIRM);
        await("taken", () -> !text(Ids.PROBLEM_PREFIX + Ids.NAME_FIELD).isEmpty());
        robot.interact(() -> ((TextInputControl) node(Ids.NAME_FIELD)).setText("second"));
        shoot("clone-en-light");
        fire(Ids.CONFIRM);
        await("cloned", () -> library.store().exists("second") && vms().contains("second"));
        library.view("second", view -> view.filed("lab", List.of("red", "blue")));

        robot.interact(() -> window.showLibrary(true));
        await("library", () -> vms().equals(List.of("second", "test")));
        Thread.sleep(300);
        shoot("library-table-en-light");
        robot.interact(() -> ((TextInputControl) node(Ids.LIBRARY_SEARCH)).setText("BLUE"));
        await("found by tag", () -> vms().equals(List.of("second")));
        robot.interact(() -> ((TextInputControl) node(Ids.LIBRARY_SEARCH)).clear());
        robot.interact(() -> ((ToggleButton) node(Ids.LIBRARY_GRID)).fire());
        await("cards", () -> find(Ids.CARD_PREFIX + "second").isPresent());
        shoot("library-grid-en-light");

        Path file = home.resolve("packed.viridian");
        nextFile.set(file);
        robot.interact(() -> ((ButtonBase) node(Ids.CARD_PREFIX + "second")).fire());
        await("opened", () -> !node(Ids.LIBRARY).isVisible());
        menu("export");
        await("exported", () -> Files.exists(file));
        menu("rename");
        robot.interact(() -> ((TextInputControl) node(Ids.NAME_FIELD)).setText("renamed"));
        fire(Ids.CONFIRM);
        await("renamed", () -> library.store().exists("renamed") && !library.store().exists("second"));
        nextFile.set(file);
        robot.interact(() -> ((ButtonBase) node(Ids.IMPORT_VM)).fire());
        await("name proposed", () -> find(Ids.NAME_FIELD).isPresent()
                && ((TextInputControl) node(Ids.NAME_FIELD)).getText().equals("second"));
        fire(Ids.CONFIRM);
        await("imported", () -> library.store().exists("second") && library.view("second").group().equals("lab"));

        robot.interact(() -> {
            window.setTheme(Theme.DARK);
            window.setLanguage(Locale.KOREAN);
            window.showLibrary(true);
        });
        await("three", () -> vms().size() == 3);
        Thread.sleep(300);
        shoot("library-table-ko-dark");
        robot.interact(() -> ((ToggleButton) node(Ids.LIBRARY_GRID)).fire());
        Thread.sleep(300);
        shoot("library-grid-ko-dark");
    }

    @Test
    void settingsShowWhatIsChangedAndWhenItCounts() throws Exception {
        startVm();
        menu("settings");
        await("settings", () -> find(Ids.SETTINGS).isPresent());
        assertTrue(text(Ids.SETTINGS_PENDING).contains("next start"));
        page(2);
        robot.interact(() -> ((TextInputControl) node(Ids.SETTINGS_MEMORY)).setText("7"));
        await("refused beside the field", () -> !text(Ids.PROBLEM_PREFIX + "settings-memory").isEmpty()
                && node(Ids.SETTINGS_OK).isDisabled());
        shoot("settings-problem-en-light");
        robot.interact(() -> ((TextInputControl) node(Ids.SETTINGS_MEMORY)).setText("1024"));
        await("marked", () -> !node(Ids.SETTINGS_OK).isDisabled() && cells().contains("Memory (changed)"));
        robot.interact(() -> ((TextInputControl) node(Ids.SETTINGS_MEMORY)).setText("1024"));
        shoot("settings-pending-en-light");
        fire(Ids.SETTINGS_OK);
        await("saved", () -> library.definition("test").memoryMiB() == 1024 && find(Ids.SETTINGS).isEmpty());
        assertEquals(512L << 20, machine.get().config().memoryBytes(), "the running machine stays as it is");
        assertEquals(VmState.RUNNING, library.list().getFirst().state());

        robot.interact(() -> {
            window.setTheme(Theme.DARK);
            window.setLanguage(Locale.KOREAN);
        });
        await("korean", () -> text(Ids.VM_STATE).equals("실행 중"));
        menu("settings");
        await("settings again", () -> find(Ids.SETTINGS).isPresent());
        for (int row : new int[] {1, 2, 3, 4, 5, 6, 8, 9}) {
            page(row);
            shoot("settings-" + row + "-ko-dark");
        }
        robot.type(KeyCode.ESCAPE);
        await("closed", () -> find(Ids.SETTINGS).isEmpty());
    }

    private void page(int row) {
        robot.interact(() -> ((TreeView<?>) node(Ids.SETTINGS_TREE)).getSelectionModel().select(row));
    }

    private Set<String> cells() {
        return node(Ids.SETTINGS_TREE).lookupAll(".tree-cell").stream().map(cell -> ((Labeled) cell).getText())
                .filter(java.util.Objects::nonNull).collect(Collectors.toSet());
    }

    @SuppressWarnings("unchecked")
    private List<String> vms() {
        return find(Ids.LIBRARY_VMS).map(table -> ((TableView<org.viridian.app.ui.model.VmItem>) table).getItems().stream()
                .map(org.viridian.app.ui.model.VmItem::name).toList()).orElse(List.of());
    }

    /** Runs an item of the menu bar by its id. */
    private void menu(String id) {
        robot.interact(() -> window.menuItem("menu-" + id).orElseThrow().fire());
    }

    /** Presses a button whether or not the pointer could reach it. */
    private void fire(String id) {
        robot.interact(() -> ((ButtonBase) node(id)).fire());
    }
}
