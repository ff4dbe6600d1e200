/** What a screen shows, whoever draws it: pixels, dirty rectangles, cursor. No JavaFX in this package. */
package org.viridian.display.surface;
