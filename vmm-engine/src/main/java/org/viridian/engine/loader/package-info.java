/** Puts a kernel into guest memory and a processor at its door, without firmware. */
package org.viridian.engine.loader;
