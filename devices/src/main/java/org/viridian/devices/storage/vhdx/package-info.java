/** VHDX images: fixed, dynamic, differencing. */
package org.viridian.devices.storage.vhdx;
