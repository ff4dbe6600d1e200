/** Disk images: blocks in files of the host, with durability as the guest asks for it. */
package org.viridian.devices.storage;
