/**
 * A guest made of plain memory: plays the guest's side of VMBus against a server, without a processor. For tests, fuzzers
 * and benchmarks of the server and of the devices behind it.
 */
package org.viridian.vmbus.loopback;
