/** Imitated hardware: the small PC board, and what its devices share. */
package org.viridian.devices.emulated;
