package org.viridian.engine.memory;

/** Told by {@link GuestMemory} of changes that a backend must follow. Called on the thread that makes the change. */
public interface MemoryListener {
    /** A region has become part of the guest physical address space. */
    void regionAdded(MemoryRegion region);

    /** A region is leaving; on return no processor may reach it any more. */
    void regionRemoved(MemoryRegion region);

    /** The host wrote guest memory: decoded or translated code made from these bytes is stale. */
    void hostWrote(long address, long length);
}
