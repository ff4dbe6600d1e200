/** Guest physical memory: regions, checked access, and who is told of changes. */
package org.viridian.engine.memory;
