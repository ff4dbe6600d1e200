/** The video VSP: the guest's frame buffer as a surface. No JavaFX in this package. */
package org.viridian.display.synthvideo;
