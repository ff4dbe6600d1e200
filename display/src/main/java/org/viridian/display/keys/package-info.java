/** Physical keys: from the host's keyboard to PS/2 set 1 scan codes. */
package org.viridian.display.keys;
