/** What firmware would tell a guest of its board: the memory map, ACPI tables, SMBIOS. */
package org.viridian.engine.firmware;
