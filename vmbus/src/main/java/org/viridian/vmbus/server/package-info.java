/** The control plane: version, offers, page lists, open and close; and the channels it makes. */
package org.viridian.vmbus.server;
