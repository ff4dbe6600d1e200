/** The live device tree of one VM, and the hand-over between emulated devices and their synthetic twins. */
package org.viridian.devices.inventory;
