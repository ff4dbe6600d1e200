/** The board's interrupt controllers, and the wires that lead to them. */
package org.viridian.devices.emulated.interrupt;
