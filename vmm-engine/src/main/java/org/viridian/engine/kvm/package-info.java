/**
 * Guests on Linux KVM. All native calls of the backend are in {@link org.viridian.engine.kvm.Libc}, all layouts and numbers
 * of the kernel in {@link org.viridian.engine.kvm.KvmAbi}. The local APIC lives in the kernel; IOAPIC, PIC, PIT and the
 * hypervisor interface are the engine's own.
 */
package org.viridian.engine.kvm;
