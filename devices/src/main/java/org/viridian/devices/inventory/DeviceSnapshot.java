package org.viridian.devices.inventory;

import java.util.List;
import java.util.Map;

/**
 * One device at one moment, in plain values with stable lower-case keys: what {@code devices --json} prints.
 *
 * @param id stable within the VM
 * @param name the datasheet's or TLFS's name
 * @param kind {@code emulated} or {@code synthetic}
 * @param type group in the view by type
 * @param connection {@code board} or {@code vmbus}
 * @param state {@code active}, {@code bypassed}, {@code waiting-for-driver}, {@code idle} or {@code problem}
 * @param twin id of the device that does the same job the other way, or null
 * @param resources ports, IRQ and the like, as text
 * @param counters counts since the VM was made
 * @param events latest state changes, oldest first
 */
public record DeviceSnapshot(String id, String name, String kind, String type, String connection, String state, String twin,
        Map<String, String> resources, Map<String, Long> counters, List<Event> events) {
    /**
     * A state change.
     *
     * @param millis ms since power-on
     * @param state the state entered
     * @param reason why
     */
    public record Event(long millis, String state, String reason) {}
}
