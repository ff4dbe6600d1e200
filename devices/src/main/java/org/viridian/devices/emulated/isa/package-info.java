/** Small port devices: 8237 DMA registers, POST code, debug exit. */
package org.viridian.devices.emulated.isa;
