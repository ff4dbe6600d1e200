package org.viridian.app.machine;

import java.util.Optional;

/**
 * A drive of a machine at this moment.
 *
 * @param lun its LUN on the SCSI controller, -1 for the CD drive on IDE
 * @param dvd whether it is a DVD drive
 * @param file what is in it
 * @param format the format of that file
 * @param size bytes of the disk or disc, 0 for an empty drive
 */
public record Drive(int lun, boolean dvd, Optional<String> file, Optional<String> format, long size) {}
