/** Making, changing, copying and checking disk images that no VM uses at that moment. */
package org.viridian.devices.storage.tools;
