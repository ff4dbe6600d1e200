/** What the image formats with tables share. */
package org.viridian.devices.storage.format;
