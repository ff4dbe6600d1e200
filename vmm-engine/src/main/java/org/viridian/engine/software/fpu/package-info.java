/** x87: state, 80-bit arithmetic, decoder. */
package org.viridian.engine.software.fpu;
