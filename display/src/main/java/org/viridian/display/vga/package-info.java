/** The emulated VGA: registers, planar memory, text and graphics rendered into a surface. No JavaFX in this package. */
package org.viridian.display.vga;
