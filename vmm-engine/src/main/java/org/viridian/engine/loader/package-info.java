/** Booting without firmware: the Linux boot protocol, multiboot 1, and what firmware would have left in memory. */
package org.viridian.engine.loader;
