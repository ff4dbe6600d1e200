/** Ports, MMIO and synthetic MSRs: the ways of an exit to its handler. */
package org.viridian.engine.bus;
