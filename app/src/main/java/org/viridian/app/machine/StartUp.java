package org.viridian.app.machine;

import java.util.List;
import org.viridian.devices.emulated.Board;
import org.viridian.devices.emulated.BoardConfig;
import org.viridian.devices.emulated.pci.PciFunction;
import org.viridian.engine.firmware.BoardMap;
import org.viridian.engine.loader.LoaderException;
import org.viridian.engine.partition.Partition;

/** How a machine comes to life: with a kernel put into its memory, or in firmware. */
sealed interface StartUp permits KernelStart, FirmwareStart {
    /** The board this needs. */
    BoardConfig board();

    /** Where the machine's RAM lies, apart from what the board itself provides. */
    List<BoardMap.Range> ram();

    /** The display function at 00:08.0. */
    PciFunction display();

    /** True when nothing sets up the VGA before the guest. */
    boolean presetText();

    /** Adds what firmware finds, once the board and its drives are there. */
    void equip(Partition partition, Board board);

    /** What it has printed for people so far; empty when it prints nothing. */
    String log();

    /** Makes memory and processors ready to run; at power-on and after each reset, with the processors stopped. */
    void prepare(Partition partition) throws LoaderException;
}
