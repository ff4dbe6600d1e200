/** The one source of a VM's time, and its timers. */
package org.viridian.engine.clock;
