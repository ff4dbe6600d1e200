/** Interrupt wires and the fabric that carries messages to local APICs. */
package org.viridian.engine.interrupt;
