package org.viridian.app.ui.view;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.function.Consumer;
import java.util.function.Supplier;
import javafx.scene.image.Image;
import javafx.scene.input.Clipboard;
import javafx.scene.input.ClipboardContent;
import javafx.stage.Window;
import org.viridian.app.definition.Reasons;
import org.viridian.app.library.VmState;
import org.viridian.app.library.VmTransfers;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;
import org.viridian.app.ui.model.VmItem;

/** What buttons and menus do to the chosen VM: one place for toolbar, menu and keys. */
final class Actions {
    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss-SSS");

    private final Context context;
    private final Window window;
    private final Supplier<VmItem> chosen;
    private final Consumer<String> started;
    private final Banners banners;
    private Runnable controlAltDelete = () -> {};

    /**
     * @param chosen the chosen VM, or null
     * @param started is told the name of a VM that was started from here
     */
    Actions(Context context, Window window, Supplier<VmItem> chosen, Consumer<String> started, Banners banners) {
        this.context = context;
        this.window = window;
        this.chosen = chosen;
        this.started = started;
        this.banners = banners;
    }

    void controlAltDelete(Runnable action) {
        controlAltDelete = action;
    }

    void start() {
        withChosen(name -> context.library().start(name, () -> started.accept(name)));
    }

    void shutDown() {
        withChosen(context.library()::shutDown);
    }

    void turnOff() {
        withChosen(name -> Questions.ask(context, window, context.text("turn-off.title", name),
                context.text("turn-off.question"), context.text("action.turn-off"), () -> context.library().turnOff(name)));
    }

    void pauseOrResume() {
        withChosen(context.library()::pauseOrResume);
    }

    void reset() {
        withChosen(name -> Questions.ask(context, window, context.text("reset.title", name),
                context.text("reset.question"), context.text("action.reset"), () -> context.library().reset(name)));
    }

    void controlAltDelete() {
        controlAltDelete.run();
    }

    /** Presses a chord in the guest, named as the command {@code key} names it. */
    void key(String chord) {
        withChosen(name -> context.library().key(name, chord));
    }

    /** Types the clipboard's text into the guest, after a look at it. */
    void typeClipboard() {
        String text = Clipboard.getSystemClipboard().getString();
        withChosen(name -> new ClipboardTyping(context, window, name, text == null ? "" : text).show());
    }

    /** Puts the screen at native size on the clipboard. */
    void copyScreenshot() {
        withChosen(name -> context.library().screenshot(name, png -> {
            copy(png);
            banners.show(Banners.Weight.INFO, context.text("screenshot.copied"), null);
        }));
    }

    /** Asks where to save the screen at native size. */
    void saveScreenshotAs() {
        withChosen(name -> context.library().screenshot(name, png -> context.files()
                .save(window, context.text("screenshot.save-as"), name + ".png").ifPresent(file ->
                        context.library().background().start("save-screenshot", () -> write(file, png),
                                saved -> banners.show(Banners.Weight.INFO, context.text("file.saved", saved),
                                        saved.toString()), this::warn))));
    }

    private void warn(Failure failure) {
        banners.show(Banners.Weight.WARNING, context.messages().of(failure.text()), null);
    }

    private static void copy(byte[] png) {
        ClipboardContent content = new ClipboardContent();
        content.putImage(new Image(new ByteArrayInputStream(png)));
        Clipboard.getSystemClipboard().setContent(content);
    }

    private static Path write(Path file, byte[] bytes) throws Failure {
        try {
            return Files.write(file, bytes);
        } catch (IOException e) {
            throw new Failure(Failure.Kind.HOST, Text.of("folder.unusable", file, Reasons.of(e)), e);
        }
    }

    void delete() {
        withChosen(name -> context.library().background().start("delete-plan",
                () -> context.library().library().deletionPlan(name), files -> {
                    String list = String.join("\n", files.stream().map(Path::toString).toList());
                    Questions.ask(context, window, context.text("delete.title", name),
                            context.text("delete.question", list), context.text("action.delete"),
                            () -> context.library().delete(name));
                }, failure -> banners.show(Banners.Weight.WARNING, context.messages().of(failure.text()), null)));
    }

    /** Saves the screen at native size beside the VMs, and puts it on the clipboard. */
    void screenshot() {
        withChosen(name -> context.library().screenshot(name, png -> {
            copy(png);
            Path folder = context.library().library().folders().data().resolve("screenshots");
            context.library().background().start("save-screenshot", () -> save(folder, name, png),
                    file -> banners.show(Banners.Weight.INFO, context.text("screenshot.saved", file), file.toString()),
                    failure -> banners.show(Banners.Weight.WARNING, context.messages().of(failure.text()), null));
        }));
    }

    private static Path save(Path folder, String name, byte[] png) throws Failure {
        Path file = folder.resolve(name + "-" + LocalDateTime.now().format(STAMP) + ".png");
        try {
            Files.createDirectories(folder);
            return Files.write(file, png);
        } catch (IOException e) {
            throw new Failure(Failure.Kind.HOST, Text.of("folder.unusable", file, Reasons.of(e)), e);
        }
    }

    /** Opens the settings of the chosen VM. */
    void settings() {
        VmItem item = chosen.get();
        if (item != null) {
            VmState state = item.stateProperty().get();
            SettingsWindow.open(context, window, item.name(), state == VmState.RUNNING || state == VmState.PAUSED);
        }
    }

    /** Copies the chosen VM under a name that is asked for. */
    void cloneVm() {
        withChosen(name -> NameQuestion.ask(context, window, context.text("clone.title", name),
                context.library().freeName(name + "-copy"), context.text("action.clone"),
                copy -> context.library().clone(name, copy, () -> done("clone.done", copy))));
    }

    /** Gives the chosen VM another name. */
    void rename() {
        withChosen(name -> NameQuestion.ask(context, window, context.text("rename.title", name), name,
                context.text("action.rename"), next -> context.library().rename(name, next, () -> { })));
    }

    /** Packs the chosen VM into a file that is asked for. */
    void exportVm() {
        withChosen(name -> context.files().save(window, context.text("export.title", name), name + VmTransfers.ENDING)
                .ifPresent(file -> context.library().export(name, file, () -> done("file.saved", file))));
    }

    /** Asks for a file and a name, and unpacks it. */
    void importVm() {
        context.files().open(window, context.text("import.title")).ifPresent(file -> context.library().background().start(
                "peek", () -> context.library().library().transfers().nameIn(file), found -> NameQuestion.ask(context, window,
                        context.text("import.title"), context.library().freeName(found), context.text("action.import"),
                        name -> context.library().importFrom(file, name, () -> done("import.done", name))), this::warn));
    }

    private void done(String key, Object what) {
        banners.show(Banners.Weight.INFO, context.text(key, what), null);
    }

    private void withChosen(Consumer<String> action) {
        VmItem item = chosen.get();
        if (item != null) {
            action.accept(item.name());
        }
    }
}
