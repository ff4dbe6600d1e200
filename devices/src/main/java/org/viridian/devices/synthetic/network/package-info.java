/** The network VSP: NVSP messages, RNDIS inside them, Ethernet frames inside that. */
package org.viridian.devices.synthetic.network;
