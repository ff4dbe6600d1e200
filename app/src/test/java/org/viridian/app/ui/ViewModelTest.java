package org.viridian.app.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.viridian.app.definition.FieldProblem;
import org.viridian.app.definition.NewVm;
import org.viridian.app.library.DeviceReport;
import org.viridian.app.ui.model.CounterItem;
import org.viridian.app.ui.model.DeviceTreeModel;
import org.viridian.app.ui.model.Figures;
import org.viridian.app.ui.model.WizardModel;
import org.viridian.app.ui.model.WizardModel.Page;
import org.viridian.engine.device.DeviceEvent;
import org.viridian.engine.device.DeviceKind;
import org.viridian.engine.device.DeviceState;

class ViewModelTest {
    private static DeviceReport report(String id, DeviceKind kind, DeviceState state, String twin, long count,
            DeviceEvent... events) {
        return new DeviceReport(id, id, "keyboard", kind, state, Optional.ofNullable(twin), Map.of(),
                Map.of("packets", count), List.of(events));
    }

    @Test
    void wizardGoesOnByEnterAloneAndEndsInAVm() {
        WizardModel wizard = new WizardModel("new-vm", name -> false);
        for (int i = 0; i < Page.values().length - 1; i++) {
            assertTrue(wizard.next());
        }
        assertEquals(Page.SUMMARY, wizard.pageProperty().get());
        assertFalse(wizard.next());
        assertEquals("viridian create new-vm --memory 512M --cpus 1 --debian cloud --new-disk 1024M",
                wizard.newVm().command());
    }

    @Test
    void wizardStopsAtTheWrongFieldAndKeepsWhatWasTyped(@TempDir Path folder) throws Exception {
        WizardModel wizard = new WizardModel("taken", "taken"::equals);
        assertFalse(wizard.next());
        assertEquals(FieldProblem.Field.NAME, wizard.problems(Page.NAME).getFirst().field());
        wizard.name.set("free");
        assertTrue(wizard.next());
        wizard.source.set(WizardModel.SourceChoice.KERNEL);
        wizard.kernel.set(folder.resolve("none").toString());
        assertFalse(wizard.next());
        assertEquals(FieldProblem.Field.KERNEL, wizard.problems(Page.SOURCE).getFirst().field());
        assertFalse(wizard.reachable(Page.MEMORY));
        Path kernel = Files.writeString(folder.resolve("bzImage"), "kernel");
        wizard.kernel.set(kernel.toString());
        assertTrue(wizard.next());
        wizard.memory.set("lots");
        assertFalse(wizard.next());
        wizard.back();
        assertEquals(kernel.toString(), wizard.kernel.get());
        assertEquals("lots", wizard.memory.get());
        wizard.memory.set("256");
        assertEquals(Optional.empty(), ((NewVm.Source.Kernel) wizard.newVm().source()).initrd());
    }

    @Test
    void devicesKeepTheirPlaceAndRatesAreOfTheirOwnInterval() {
        DeviceTreeModel devices = new DeviceTreeModel();
        devices.sample(List.of(report("ps2", DeviceKind.EMULATED, DeviceState.ACTIVE, "vsp", 10),
                report("vsp", DeviceKind.SYNTHETIC, DeviceState.WAITING_FOR_DRIVER, "ps2", 0)), 1_000_000_000L, 5);
        var item = devices.find("ps2").orElseThrow();
        DeviceEvent event = new DeviceEvent(7, "vsp", DeviceState.ACTIVE, "channel opened");
        devices.sample(List.of(report("ps2", DeviceKind.EMULATED, DeviceState.BYPASSED, "vsp", 60),
                report("vsp", DeviceKind.SYNTHETIC, DeviceState.ACTIVE, "ps2", 4, event)), 1_500_000_000L, 9);
        assertTrue(item == devices.find("ps2").orElseThrow());
        assertEquals(DeviceState.BYPASSED, item.stateProperty().get());
        assertEquals(100, item.counters().getFirst().rateProperty().get());
        assertEquals(List.of(event), devices.timeline());
        assertEquals(1, devices.twins().size());
        assertEquals(List.of("ps2"), devices.byConnection().get("board").stream().map(d -> d.id()).toList());
        double[] history = new double[CounterItem.HISTORY];
        assertEquals(2, item.counters().getFirst().history(history));
        assertEquals(100, history[1]);
        // A reset guest counts from zero again: no negative rate.
        devices.sample(List.of(report("ps2", DeviceKind.EMULATED, DeviceState.ACTIVE, "vsp", 1)), 2_000_000_000L, 1);
        assertEquals(0, item.counters().getFirst().rateProperty().get());
        assertTrue(devices.find("vsp").isEmpty());
    }

    @Test
    void figuresReadWell() {
        assertEquals("0:07", Figures.duration(7_900_000_000L));
        assertEquals("1:02:03", Figures.duration(3_723_000_000_000L));
        assertEquals("2 GiB", Figures.mebibytes(2048));
        assertEquals("1500 MiB", Figures.mebibytes(1500));
        assertEquals("999/s", Figures.rate(999));
        assertEquals("1.5k/s", Figures.rate(1500));
        assertEquals("42 %", Figures.percent(0.42));
    }
}
