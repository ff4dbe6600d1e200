/** The bytes of VMBus control messages and packets. Nothing here acts; client, server, tests and fuzzers share it. */
package org.viridian.vmbus.protocol;
