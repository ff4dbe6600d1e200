package org.viridian.engine.processor;

/**
 * One answer of CPUID.
 *
 * @param leaf EAX on input
 * @param subleaf ECX on input, or {@link #ANY_SUBLEAF}
 * @param eax answer
 * @param ebx answer
 * @param ecx answer
 * @param edx answer
 */
public record CpuidEntry(int leaf, int subleaf, int eax, int ebx, int ecx, int edx) {
    /** The leaf does not look at ECX. */
    public static final int ANY_SUBLEAF = -1;
}
