/** Integration services: heartbeat, shutdown, time synchronisation. */
package org.viridian.devices.synthetic.integration;
