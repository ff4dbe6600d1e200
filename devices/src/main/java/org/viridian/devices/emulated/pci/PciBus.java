package org.viridian.devices.emulated.pci;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.viridian.devices.emulated.EmulatedDevice;
import org.viridian.devices.emulated.power.ResetControl;
import org.viridian.engine.bus.PortBus;
import org.viridian.engine.bus.PortHandler;

/**
 * PCI bus 0 behind configuration mechanism 1 (PCI Local Bus 3.0, 3.2.2.3.2): CF8 takes 32-bit accesses as an address,
 * CFC–CFF reach the register. Byte accesses to CF9 belong to the reset control register.
 *
 * <p>Thread rule: {@link #add} while the board is built; the rest under the device lock.
 */
public final class PciBus extends EmulatedDevice implements PortHandler {
    private static final int ADDRESS = 0xCF8;
    private static final int RESET_CONTROL = 0xCF9;
    private static final int DATA = 0xCFC;
    private static final int ENABLE = 0x8000_0000;
    private static final int FUNCTIONS = 256;

    /** Volatile state; functions by their position {@code slot.function} in hexadecimal. */
    public record State(int address, Map<String, PciFunction.State> functions) {}

    // Static.
    private final PciFunction[] functions = new PciFunction[FUNCTIONS];

    // Glue.
    private final ResetControl resetControl;
    private final PciHost host;

    // Volatile.
    private int address;

    /**
     * @param resetControl the register at CF9
     * @param host what the functions reach
     */
    public PciBus(ResetControl resetControl, PciHost host, LongSupplier clock) {
        super("pci", "PCI bus 0", "system", clock);
        this.resetControl = resetControl;
        this.host = host;
        node().resource("ports", () -> "0cf8-0cff");
        node().resource("functions", this::describe);
    }

    /** Registers the ports. */
    public void attach(PortBus ports) {
        ports.register(ADDRESS, 8, this);
    }

    /** Puts a function into {@code slot} (0–31), number {@code function} (0–7). */
    public void add(int slot, int function, PciFunction device) {
        int position = slot << 3 | function;
        if (functions[position] != null) {
            throw new IllegalStateException("PCI %02x.%x is taken by %s".formatted(slot, function, functions[position]));
        }
        functions[position] = device;
        device.connect(host, slot);
    }

    private static String name(int position) {
        return "%02x.%x".formatted(position >> 3, position & 7);
    }

    private String describe() {
        StringBuilder text = new StringBuilder();
        for (int position = 0; position < FUNCTIONS; position++) {
            if (functions[position] != null) {
                text.append(text.isEmpty() ? "" : ", ").append(name(position)).append(' ').append(functions[position]);
            }
        }
        return text.toString();
    }

    /** The function the address register names, or null. */
    private PciFunction selected() {
        boolean bus0 = (address & 0x00FF_0000) == 0;
        return (address & ENABLE) != 0 && bus0 ? functions[address >> 8 & 0xFF] : null;
    }

    @Override
    public int read(int port, int size) {
        accessed();
        if (port >= DATA) {
            PciFunction function = selected();
            int within = port & 3;
            if (function == null) {
                return -1;
            }
            // An access that runs past the double word is cut there; the rest of the bus floats high.
            int bytes = Math.min(size, 4 - within);
            int value = function.read(address & 0xFC | within, bytes);
            return bytes == 4 ? value : value | -1 << 8 * bytes;
        }
        if (port == ADDRESS && size == 4) {
            return address;
        }
        return port == RESET_CONTROL ? resetControl.readRc() | 0xFFFF_FF00 : -1;
    }

    @Override
    public void write(int port, int size, int value) {
        accessed();
        if (port >= DATA) {
            PciFunction function = selected();
            if (function != null) {
                int within = port & 3;
                function.write(address & 0xFC | within, Math.min(size, 4 - within), value);
            }
        } else if (port == ADDRESS && size == 4) {
            address = value & 0x80FF_FFFC;
        } else if (port == RESET_CONTROL && size == 1) {
            resetControl.writeRc(value);
        }
    }

    @Override
    public void reset() {
        idleAfterReset();
        address = 0;
        for (PciFunction function : functions) {
            if (function != null) {
                function.reset();
            }
        }
    }

    @Override
    public Record save() {
        Map<String, PciFunction.State> states = new LinkedHashMap<>();
        for (int position = 0; position < FUNCTIONS; position++) {
            if (functions[position] != null) {
                states.put(name(position), functions[position].save());
            }
        }
        return new State(address, states);
    }

    @Override
    public void restore(Record state) {
        State s = own(State.class, state);
        Map<String, PciFunction.State> states = new TreeMap<>(s.functions == null ? Map.of() : s.functions);
        for (int position = 0; position < FUNCTIONS; position++) {
            if (functions[position] != null) {
                functions[position].restore(states.get(name(position)));
            }
        }
        address = s.address & 0x80FF_FFFC;
    }
}
