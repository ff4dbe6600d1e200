/** What firmware would leave in memory for an operating system: the board's map, ACPI tables and SMBIOS structures. */
package org.viridian.engine.firmware;
