/** VHD images: fixed, dynamic, differencing. */
package org.viridian.devices.storage.vhd;
