/** Virtualization service providers: what stands at the host's end of a VMBus channel. */
package org.viridian.devices.synthetic;
