/** The devices a guest can meet, emulated and synthetic, and what stands behind them. */
module org.viridian.devices {
    requires transitive org.viridian.vmbus;

    exports org.viridian.devices.input;
}
