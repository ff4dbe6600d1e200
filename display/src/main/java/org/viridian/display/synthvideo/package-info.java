/** The video VSP: a screen in guest-chosen video memory, told of changes by the guest's driver. */
package org.viridian.display.synthvideo;
