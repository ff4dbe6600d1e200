/** The storage VSP: a SCSI controller with disks and DVD drives. */
package org.viridian.devices.synthetic.storage;
