/** What every device is to the rest of the house: state, counters, resources, events. No device lives here. */
package org.viridian.engine.device;
