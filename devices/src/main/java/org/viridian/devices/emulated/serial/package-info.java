/** 16550A serial ports and what may stand at their other end. */
package org.viridian.devices.emulated.serial;
