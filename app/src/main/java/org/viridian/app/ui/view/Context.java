package org.viridian.app.ui.view;

import org.viridian.app.ui.Messages;
import org.viridian.app.ui.model.LibraryModel;
import org.viridian.app.ui.model.MachineModel;

/**
 * What every view is given.
 *
 * @param messages the words
 * @param library the VMs
 * @param machine the VM that is shown
 * @param files asks for files
 */
record Context(Messages messages, LibraryModel library, MachineModel machine, FileDialogs files) {
    /** The same with another VM shown. */
    Context with(MachineModel other) {
        return new Context(messages, library, other, files);
    }

    String text(String key, Object... arguments) {
        return messages.get(key, arguments);
    }
}
