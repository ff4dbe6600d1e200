/** The interface that KVM and the software CPU implement. */
package org.viridian.engine.backend;
