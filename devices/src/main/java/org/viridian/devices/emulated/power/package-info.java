/** ACPI power management block and the ways to reset the machine. */
package org.viridian.devices.emulated.power;
