/** VMBus: channels between partitions, point to point, in memory. */
module org.viridian.vmbus {
    requires transitive org.viridian.engine;

    exports org.viridian.vmbus.channel;
    exports org.viridian.vmbus.loopback;
    exports org.viridian.vmbus.protocol;
    exports org.viridian.vmbus.ring;
    exports org.viridian.vmbus.server;
}
