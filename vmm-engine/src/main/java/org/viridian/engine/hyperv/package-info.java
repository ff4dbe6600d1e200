/** The hypervisor interface of the TLFS, in Java for every backend: CPUID leaves, synthetic MSRs, hypercalls, SynIC, clocks. */
package org.viridian.engine.hyperv;
