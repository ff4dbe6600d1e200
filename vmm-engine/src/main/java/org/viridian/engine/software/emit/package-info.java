/** Tier 1 of the software CPU: machine code for the host, made from guest code. Knows bytes and layouts, no processor. */
package org.viridian.engine.software.emit;
