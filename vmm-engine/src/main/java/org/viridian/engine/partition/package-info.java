/** One VM's hypervisor side put together: memory, buses, clock, processors and their life cycle. */
package org.viridian.engine.partition;
