/** The JavaFX node that shows a surface, and the pointer over it. */
package org.viridian.display.canvas;
