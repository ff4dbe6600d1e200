/** A machine: partition, board, VMBus and VSPs put together from one description, and its life cycle. */
package org.viridian.app.machine;
