/** Frames on their way: the virtual switch and its ports, and what connects a switch with the world outside. */
package org.viridian.devices.network;
