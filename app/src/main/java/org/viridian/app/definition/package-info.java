/** VM definitions: what a VM is while it is off, kept as one JSON file each in the XDG data folder. */
package org.viridian.app.definition;
