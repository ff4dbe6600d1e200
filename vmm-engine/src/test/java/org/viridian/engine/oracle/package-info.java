/** Instructions on the real processor, as the measure for the software CPU. */
package org.viridian.engine.oracle;
