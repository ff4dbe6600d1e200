/** The PIIX4's IDE function: two channels, bus mastering, ATA disks and ATAPI CD drives. */
package org.viridian.devices.emulated.ide;
