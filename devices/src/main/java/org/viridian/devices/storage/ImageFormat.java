package org.viridian.devices.storage;

import java.util.Locale;
import java.util.Optional;

/** The disk image formats. */
public enum ImageFormat {
    /** Byte n of the disk is byte n of the file. */
    RAW,
    /** Virtual PC's and Virtual Server's, up to 2040 GiB. */
    VHD,
    /** Hyper-V's since 2012 (MS-VHDX). */
    VHDX,
    /** QEMU's, versions 2 and 3. */
    QCOW2;

    /** As commands and files spell it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The format of that word; {@code vpc} is QEMU's word for VHD. */
    public static Optional<ImageFormat> of(String word) {
        String upper = word.toUpperCase(Locale.ROOT);
        for (ImageFormat format : values()) {
            if (format.name().equals(upper)) {
                return Optional.of(format);
            }
        }
        return upper.equals("VPC") ? Optional.of(VHD) : Optional.empty();
    }

    /** The format that a new file of this name is given when nobody says otherwise. */
    public static ImageFormat forName(String fileName) {
        String lower = fileName.toLowerCase(Locale.ROOT);
        if (lower.endsWith(".vhdx") || lower.endsWith(".avhdx")) {
            return VHDX;
        }
        if (lower.endsWith(".vhd") || lower.endsWith(".avhd")) {
            return VHD;
        }
        return lower.endsWith(".qcow2") || lower.endsWith(".qcow") ? QCOW2 : RAW;
    }
}
