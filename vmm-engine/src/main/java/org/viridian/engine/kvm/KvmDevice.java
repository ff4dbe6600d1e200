package org.viridian.engine.kvm;

import com.sun.jna.Platform;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.viridian.engine.kvm.KvmUnavailableException.Reason;
import org.viridian.engine.processor.CpuidEntry;

/**
 * The open device {@code /dev/kvm}: what this kernel can do, and new VMs. Opening checks the API version and every
 * capability the backend relies on, so that nothing later fails for want of one. Thread rule: one thread.
 */
public final class KvmDevice implements AutoCloseable {
    private static final String PATH = "/dev/kvm";
    /** Another device node, for a host that has it elsewhere, and for tests of the refusals. */
    private static final String PATH_PROPERTY = "viridian.kvm.device";
    private static final Map<String, Integer> REQUIRED = new LinkedHashMap<>();

    static {
        REQUIRED.put("KVM_CAP_USER_MEMORY", KvmAbi.CAP_USER_MEMORY);
        REQUIRED.put("KVM_CAP_EXT_CPUID", KvmAbi.CAP_EXT_CPUID);
        REQUIRED.put("KVM_CAP_SPLIT_IRQCHIP", KvmAbi.CAP_SPLIT_IRQCHIP);
        REQUIRED.put("KVM_CAP_IRQ_ROUTING", KvmAbi.CAP_IRQ_ROUTING);
        REQUIRED.put("KVM_CAP_SIGNAL_MSI", KvmAbi.CAP_SIGNAL_MSI);
        REQUIRED.put("KVM_CAP_IMMEDIATE_EXIT", KvmAbi.CAP_IMMEDIATE_EXIT);
        REQUIRED.put("KVM_CAP_X86_USER_SPACE_MSR", KvmAbi.CAP_X86_USER_SPACE_MSR);
        REQUIRED.put("KVM_CAP_X86_MSR_FILTER", KvmAbi.CAP_X86_MSR_FILTER);
        REQUIRED.put("KVM_CAP_XSAVE", KvmAbi.CAP_XSAVE);
        REQUIRED.put("KVM_CAP_SYNC_REGS", KvmAbi.CAP_SYNC_REGS);
    }

    private final int fd;
    private final String path;

    private KvmDevice(int fd, String path) {
        this.fd = fd;
        this.path = path;
    }

    /** Opens the device and checks it. */
    public static KvmDevice open() throws KvmUnavailableException {
        if (!Platform.isLinux() || !"amd64".equals(System.getProperty("os.arch"))) {
            throw new KvmUnavailableException(Reason.OTHER_HOST, "KVM needs Linux on an x86-64 processor; use the software engine.");
        }
        String path = System.getProperty(PATH_PROPERTY, PATH);
        int fd = Libc.openReadWrite(path);
        if (fd < 0) {
            throw refused(path, Libc.errno());
        }
        KvmDevice device = new KvmDevice(fd, path);
        try {
            device.check();
            return device;
        } catch (KvmUnavailableException lacking) {
            device.close();
            throw lacking;
        }
    }

    private static KvmUnavailableException refused(String path, int errno) {
        return switch (errno) {
            case Libc.ENOENT -> new KvmUnavailableException(Reason.ABSENT, "There is no " + path + ": load the module kvm-intel or "
                    + "kvm-amd and switch on virtualization in the firmware, or use the software engine.");
            case Libc.EACCES, Libc.EPERM -> new KvmUnavailableException(Reason.DENIED, "This user may not open " + path + ": add the "
                    + "user to the group kvm (sudo usermod -aG kvm " + System.getProperty("user.name") + ") and log in again.");
            case Libc.ENODEV, Libc.ENXIO -> new KvmUnavailableException(Reason.DISABLED, path + " has no processor behind it: switch on "
                    + "virtualization (VT-x or AMD-V) in the firmware.");
            default -> new KvmUnavailableException(Reason.DISABLED, "%s cannot be opened (error %d).".formatted(path, errno));
        };
    }

    private void check() throws KvmUnavailableException {
        int version = apiVersion();
        if (version < 0) {
            throw new KvmUnavailableException(Reason.ABSENT, path + " is not the device of KVM.");
        }
        if (version != KvmAbi.API_VERSION) {
            throw new KvmUnavailableException(Reason.TOO_OLD,
                    "%s speaks API version %d instead of %d.".formatted(path, version, KvmAbi.API_VERSION));
        }
        List<String> missing = new ArrayList<>();
        REQUIRED.forEach((name, number) -> {
            if (capability(number) == 0) {
                missing.add(name);
            }
        });
        if (!missing.isEmpty()) {
            throw new KvmUnavailableException(Reason.TOO_OLD, "This kernel's KVM lacks " + String.join(", ", missing)
                    + "; a kernel from 5.10 on has them all.");
        }
    }

    /** The API version. */
    public int apiVersion() {
        return Libc.ioctl(fd, KvmAbi.GET_API_VERSION, 0);
    }

    /** A capability's value, 0 when the kernel does not have it. */
    int capability(int number) {
        return Math.max(0, Libc.ioctl(fd, KvmAbi.CHECK_EXTENSION, number));
    }

    /** True when this KVM was built with Hyper-V emulation of its own. The backend does not need it. */
    public boolean hyperV() {
        return capability(KvmAbi.CAP_HYPERV) != 0;
    }

    /** True when this KVM can run a SynIC in the kernel. The backend does not need it. */
    public boolean hyperVSynic() {
        return capability(KvmAbi.CAP_HYPERV_SYNIC2) != 0;
    }

    /** How many processors one VM may have. */
    public int maximumProcessors() {
        return Math.max(1, capability(KvmAbi.CAP_MAX_VCPUS));
    }

    /** A new VM's descriptor, or -1 with errno set. */
    int createVm() {
        // A loaded machine interrupts this call now and then with a pending signal; nothing is lost by asking again.
        int vm;
        do {
            vm = Libc.ioctl(fd, KvmAbi.CREATE_VM, 0);
        } while (vm < 0 && Libc.errno() == Libc.EINTR);
        return vm;
    }

    /** Bytes of the area each processor shares with the kernel. */
    int runAreaSize() {
        return Libc.ioctl(fd, KvmAbi.GET_VCPU_MMAP_SIZE, 0);
    }

    /** The model-specific registers that this kernel can save; a processor may have fewer. */
    int[] listedMsrs() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment list = arena.allocate(4 + 4L * KvmAbi.MSR_LIST_MAX, 4);
            list.set(ValueLayout.JAVA_INT, 0, KvmAbi.MSR_LIST_MAX);
            if (Libc.ioctl(fd, KvmAbi.GET_MSR_INDEX_LIST, list.address()) < 0) {
                throw new IllegalStateException("KVM_GET_MSR_INDEX_LIST failed with error " + Libc.errno());
            }
            return list.asSlice(4, 4L * list.get(ValueLayout.JAVA_INT, 0)).toArray(ValueLayout.JAVA_INT);
        }
    }

    /** What this processor and KVM can give a guest, as the kernel lists it. */
    List<CpuidEntry> supportedCpuid() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment table = arena.allocate(KvmAbi.CPUID_HEADER + KvmAbi.CPUID_MAX_ENTRIES * (long) KvmAbi.CPUID_ENTRY_SIZE, 8);
            table.set(ValueLayout.JAVA_INT, 0, KvmAbi.CPUID_MAX_ENTRIES);
            if (Libc.ioctl(fd, KvmAbi.GET_SUPPORTED_CPUID, table.address()) < 0) {
                throw new IllegalStateException("KVM_GET_SUPPORTED_CPUID failed with error " + Libc.errno());
            }
            return KvmCpuid.decode(table);
        }
    }

    @Override
    public void close() {
        Libc.close(fd);
    }
}
