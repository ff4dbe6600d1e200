/** The keyboard VSP and the mouse VSP. */
package org.viridian.devices.synthetic.input;
