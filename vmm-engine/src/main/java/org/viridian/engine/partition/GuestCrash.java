package org.viridian.engine.partition;

/**
 * What a guest told through the crash MSRs 0x40000100–0x40000105 (TLFS, "Guest Crash Enlightenment").
 *
 * @param p0 error code
 * @param p1 guest OS id
 * @param p2 instruction pointer, or as the guest defines it
 * @param p3 as the guest defines it
 * @param p4 as the guest defines it
 * @param message the guest's own log text, at most 4096 bytes, or the empty string
 */
public record GuestCrash(long p0, long p1, long p2, long p3, long p4, String message) {}
