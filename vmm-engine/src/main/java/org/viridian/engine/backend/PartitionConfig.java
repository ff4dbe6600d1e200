package org.viridian.engine.backend;

import org.viridian.engine.clock.VmClock;
import org.viridian.engine.memory.GuestMemory;

/**
 * What a backend needs to know of a partition.
 *
 * @param name the VM's name, for thread names and messages
 * @param processors number of virtual processors, 1–8
 * @param memory the guest physical address space; the backend listens to it
 * @param clock the VM's time
 */
public record PartitionConfig(String name, int processors, GuestMemory memory, VmClock clock) {}
