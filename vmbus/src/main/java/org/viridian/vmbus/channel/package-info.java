/** What a VSP sees of VMBus: its offer, the channel, packets. */
package org.viridian.vmbus.channel;
