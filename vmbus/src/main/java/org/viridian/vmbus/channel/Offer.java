package org.viridian.vmbus.channel;

import java.util.UUID;

/**
 * What a device offers to the guest (Linux include/linux/hyperv.h, {@code vmbus_channel_offer}).
 *
 * @param name for logs and thread names
 * @param interfaceType device class
 * @param instance unique over all devices of the VM, the same after every reboot
 * @param flags offer flags
 * @param mmioMegabytes MMIO space the device needs
 * @param pipe whether the user-defined area announces a message pipe
 */
public record Offer(String name, UUID interfaceType, UUID instance, int flags, int mmioMegabytes, boolean pipe) {
    /** Flag: enumerate as a device interface. */
    public static final int ENUMERATE = 0x0001;
    /** Flag: named pipe. */
    public static final int NAMED_PIPE = 0x0010;
}
