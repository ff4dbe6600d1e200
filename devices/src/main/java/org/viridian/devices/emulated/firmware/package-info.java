/** What a machine with firmware has besides: the ROM and its shadow RAM, the configuration device, the debug port. */
package org.viridian.devices.emulated.firmware;
