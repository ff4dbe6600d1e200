/** i8042 controller, PS/2 keyboard and PS/2 mouse. */
package org.viridian.devices.emulated.ps2;
