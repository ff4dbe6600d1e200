/** Small kernels of our own on the software CPU and on QEMU: what they print must be the same. */
package org.viridian.engine.baremetal;
