/*
 * How long a port exit takes in C: the yardstick for the kvm engine. The guest is "l: out 0xE8, al; jmp l" in long mode,
 * with the local APIC in the kernel and the other interrupt controllers outside, as the engine sets it up. Prints the
 * nanoseconds of one round trip: the best of PASSES.
 *
 *   cc -O2 -static -o port-exit port-exit.c && ./port-exit EXITS PASSES
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#define MEMORY 0x8000
#define CODE 0x1000
#define TABLES 0x2000

static int check(int result, const char *what) {
    if (result < 0) {
        perror(what);
        exit(1);
    }
    return result;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

int main(int count, char **arguments) {
    int exits = count > 1 ? atoi(arguments[1]) : 100000, passes = count > 2 ? atoi(arguments[2]) : 5;
    const char *path = getenv("KVM_DEVICE") ? getenv("KVM_DEVICE") : "/dev/kvm";
    int kvm = check(open(path, O_RDWR), path), vm = check(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
    struct kvm_enable_cap split = {.cap = KVM_CAP_SPLIT_IRQCHIP, .args = {24}};
    check(ioctl(vm, KVM_ENABLE_CAP, &split), "KVM_CAP_SPLIT_IRQCHIP");

    uint8_t *memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(memory + CODE, "\xE6\xE8\xEB\xFC", 4);
    *(uint64_t *)(memory + TABLES) = TABLES + 0x1007;
    *(uint64_t *)(memory + TABLES + 0x1000) = TABLES + 0x2007;
    *(uint64_t *)(memory + TABLES + 0x2000) = 0x87;
    struct kvm_userspace_memory_region region = {.memory_size = MEMORY, .userspace_addr = (uintptr_t)memory};
    check(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");

    int vcpu = check(ioctl(vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
    struct kvm_cpuid2 *cpuid = calloc(1, sizeof *cpuid + 256 * sizeof cpuid->entries[0]);
    cpuid->nent = 256;
    check(ioctl(kvm, KVM_GET_SUPPORTED_CPUID, cpuid), "KVM_GET_SUPPORTED_CPUID");
    check(ioctl(vcpu, KVM_SET_CPUID2, cpuid), "KVM_SET_CPUID2");
    struct kvm_run *run = mmap(NULL, check(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE"),
                               PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);

    struct kvm_sregs s;
    check(ioctl(vcpu, KVM_GET_SREGS, &s), "KVM_GET_SREGS");
    struct kvm_segment data = {.selector = 0x18, .limit = ~0u, .type = 3, .present = 1, .db = 1, .s = 1, .g = 1};
    struct kvm_segment code = {.selector = 0x10, .limit = ~0u, .type = 11, .present = 1, .s = 1, .l = 1, .g = 1};
    s.ds = s.es = s.fs = s.gs = s.ss = data;
    s.cs = code;
    s.cr0 = 0x80000011;
    s.cr3 = TABLES;
    s.cr4 = 0x20;
    s.efer = 0x500;
    check(ioctl(vcpu, KVM_SET_SREGS, &s), "KVM_SET_SREGS");
    struct kvm_regs r = {.rip = CODE, .rflags = 2};
    check(ioctl(vcpu, KVM_SET_REGS, &r), "KVM_SET_REGS");
    run->kvm_valid_regs = KVM_SYNC_X86_REGS;

    double best = 1e18;
    volatile uint32_t seen = 0;
    for (int pass = 0; pass < passes; pass++) {
        double start = now();
        for (int i = 0; i < exits; i++) {
            check(ioctl(vcpu, KVM_RUN, 0), "KVM_RUN");
            if (run->exit_reason != KVM_EXIT_IO || run->io.port != 0xE8) {
                fprintf(stderr, "exit %u\n", run->exit_reason);
                return 1;
            }
            seen += *((uint8_t *)run + run->io.data_offset);
        }
        double each = (now() - start) / exits;
        best = each < best ? each : best;
    }
    printf("%.0f\n", best);
    return 0;
}
