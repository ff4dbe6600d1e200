/** MMX and SSE: arithmetic and decoder. */
package org.viridian.engine.software.simd;
