/** What keyboards and pointers receive from the host, and the router that picks the device that gets it. */
package org.viridian.devices.input;
