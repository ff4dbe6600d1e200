/** The devices a guest can meet, emulated and synthetic, and what stands behind them. */
module org.viridian.devices {
    requires transitive org.viridian.vmbus;
    requires com.github.luben.zstd_jni;

    // JNA calls the callbacks of libslirp and fills its structures by reflection.
    opens org.viridian.devices.network to com.sun.jna;

    exports org.viridian.devices.emulated;
    exports org.viridian.devices.emulated.firmware;
    exports org.viridian.devices.emulated.ide;
    exports org.viridian.devices.emulated.interrupt;
    exports org.viridian.devices.emulated.isa;
    exports org.viridian.devices.emulated.pci;
    exports org.viridian.devices.emulated.power;
    exports org.viridian.devices.emulated.ps2;
    exports org.viridian.devices.emulated.serial;
    exports org.viridian.devices.emulated.timer;
    exports org.viridian.devices.input;
    exports org.viridian.devices.inventory;
    exports org.viridian.devices.network;
    exports org.viridian.devices.storage;
    exports org.viridian.devices.storage.file;
    exports org.viridian.devices.storage.tools;
    exports org.viridian.devices.synthetic;
    exports org.viridian.devices.synthetic.input;
    exports org.viridian.devices.synthetic.integration;
    exports org.viridian.devices.synthetic.network;
    exports org.viridian.devices.synthetic.storage;
}
