/** Ring buffers in guest memory: geometry, reading, writing, and when to signal. */
package org.viridian.vmbus.ring;
