package org.viridian.engine.processor;

/**
 * A segment register with its hidden part.
 *
 * @param selector visible selector, 16 bits
 * @param base linear base
 * @param limit limit in bytes, granularity applied
 * @param attributes descriptor bits 8–15 and 20–23 packed as in VMX: type 3:0, S 4, DPL 6:5, P 7, AVL 12, L 13, D/B 14, G 15,
 *     unusable 16
 */
public record SegmentState(int selector, long base, int limit, int attributes) {}
