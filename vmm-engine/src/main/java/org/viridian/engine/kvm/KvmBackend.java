package org.viridian.engine.kvm;

import org.viridian.engine.backend.Backend;
import org.viridian.engine.backend.BackendException;
import org.viridian.engine.backend.BackendPartition;
import org.viridian.engine.backend.PartitionConfig;

/** Executes guests on the host's processor through {@code /dev/kvm}. Thread rule: any thread. */
public final class KvmBackend implements Backend {
    @Override
    public String name() {
        return "kvm";
    }

    @Override
    public BackendPartition createPartition(PartitionConfig config) throws BackendException {
        try (KvmDevice device = KvmDevice.open()) {
            if (config.processors() > device.maximumProcessors()) {
                throw new BackendException("This host's KVM runs at most %d processors in one VM; give the VM fewer."
                        .formatted(device.maximumProcessors()));
            }
            int vm = device.createVm();
            if (vm < 0) {
                int errno = Libc.errno();
                throw new BackendException(errno == Libc.EBUSY
                        ? "Another hypervisor on this host holds the processor's virtualization; close it or use the software engine."
                        : "KVM refused to make a VM (error %d).".formatted(errno));
            }
            KvmPartition partition = null;
            try {
                partition = new KvmPartition(vm, config, device);
                partition.prepare();
                return partition;
            } catch (BackendException | RuntimeException refused) {
                if (partition != null) {
                    partition.close();
                } else {
                    Libc.close(vm);
                }
                throw refused;
            }
        } catch (KvmUnavailableException unavailable) {
            throw new BackendException(unavailable.getMessage(), unavailable);
        }
    }
}
