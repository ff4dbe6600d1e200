package org.viridian.engine.device;

/**
 * One step in a device's life.
 *
 * @param nanos {@code VmClock} time, nanoseconds since power-on
 * @param deviceId the {@link DeviceNode#id()} it happened to
 * @param state the state it is in from now on
 * @param reason why, one plain English clause such as {@code channel opened}
 */
public record DeviceEvent(long nanos, String deviceId, DeviceState state, String reason) {}
