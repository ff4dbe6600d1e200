/** Files of the host below disk images: data, holes, durability, locks. Knows no format. */
package org.viridian.devices.storage.file;
