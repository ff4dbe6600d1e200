/** The engine: partitions, virtual processors, guest memory, buses, clock and the hypervisor interface. Holds no device. */
module org.viridian.engine {
    requires transitive com.sun.jna;
    requires java.management;
    requires jdk.management;
    requires org.apache.commons.compress;
    requires org.tukaani.xz;

    exports org.viridian.engine.backend;
    exports org.viridian.engine.bus;
    exports org.viridian.engine.clock;
    exports org.viridian.engine.device;
    exports org.viridian.engine.firmware;
    exports org.viridian.engine.host;
    exports org.viridian.engine.hyperv;
    exports org.viridian.engine.interrupt;
    exports org.viridian.engine.kvm;
    exports org.viridian.engine.loader;
    exports org.viridian.engine.memory;
    exports org.viridian.engine.partition;
    exports org.viridian.engine.processor;
    exports org.viridian.engine.software;
}
