/** A virtual processor, its architectural state and its exits, whichever backend runs it. */
package org.viridian.engine.processor;
