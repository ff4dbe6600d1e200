/** The keyboard VSP and the synthetic mouse. */
package org.viridian.devices.synthetic.input;
