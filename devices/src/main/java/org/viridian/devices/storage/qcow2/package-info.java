/** qcow2 images, versions 2 and 3. */
package org.viridian.devices.storage.qcow2;
