/** PCI configuration mechanism 1 and the functions of the chip set. */
package org.viridian.devices.emulated.pci;
