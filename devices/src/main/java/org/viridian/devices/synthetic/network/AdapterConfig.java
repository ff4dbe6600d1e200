package org.viridian.devices.synthetic.network;

import java.util.UUID;

/**
 * A synthetic network adapter.
 *
 * @param id stable within the VM, such as {@code net0}
 * @param instance unique and stable: guests name the interface by it
 * @param maximumMtu largest MTU the guest may choose, 1500–9202
 * @param queues channels a guest may use, 1–8; one per virtual processor is sensible
 */
public record AdapterConfig(String id, UUID instance, int maximumMtu, int queues) {
    /** Largest number of channels. */
    public static final int MOST_QUEUES = 8;
    /** Largest MTU: Hyper-V's frame limit of 9216 bytes without the Ethernet header. */
    public static final int LARGEST_MTU = 9202;

    /** Checks the ranges. */
    public AdapterConfig {
        if (maximumMtu < 1500 || maximumMtu > LARGEST_MTU || queues < 1 || queues > MOST_QUEUES) {
            throw new IllegalArgumentException("MTU %d, %d queues".formatted(maximumMtu, queues));
        }
    }
}
