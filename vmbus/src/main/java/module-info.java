/** VMBus: channels between partitions, point to point, in memory. */
module org.viridian.vmbus {
    requires transitive org.viridian.engine;
}
