package org.viridian.engine.loader;

import java.util.List;

/**
 * A kernel or initrd cannot be loaded. Carries the reason as a value, for whoever says it in the user's language; the
 * message is the same sentence in English: what, why, what to do.
 */
public final class LoaderException extends Exception {
    private static final long serialVersionUID = 1L;

    /** Why, with the meaning of its arguments. */
    public enum Reason {
        /** The file is no bzImage: its name. */
        NOT_LINUX("%s is not a Linux kernel (bzImage)."),
        /** The boot sector lacks its mark: the name. */
        NO_BOOT_FLAG("%s is damaged: its boot flag is missing."),
        /** Too old or 32-bit: name, boot protocol. */
        NO_64_BIT_ENTRY("%s has no 64-bit entry (boot protocol %s); a 64-bit kernel from 3.8 on is needed."),
        /** Bytes, name, most bytes. */
        COMMAND_LINE_TOO_LONG("The kernel command line has %s bytes; %s takes at most %s."),
        /** Name, bytes there, bytes promised. */
        KERNEL_TRUNCATED("%s is truncated: it has %s bytes, its header promises %s. Fetch the file again."),
        /** Name, what the decompressor says. */
        PAYLOAD_DAMAGED("%s is damaged: its payload does not unpack (%s). Fetch the file again."),
        /** MiB there, name, MiB needed. */
        TOO_LITTLE_LOW_MEMORY("The VM has %s MiB of memory below 4 GiB; %s needs %s MiB. Give the VM more memory."),
        /** Name, first and last address. */
        NO_MEMORY_THERE("%s needs memory from %s to %s, where this VM has none. Give the VM more memory."),
        /** MiB needed. */
        NO_ROOM_FOR_INITRD("The VM has too little memory for the initrd: kernel and initrd need %s MiB. Give the VM more memory."),
        /** An archive that ends inside a file. */
        INITRD_TRUNCATED("The initrd is truncated: it ends in the middle of a file. Make or fetch it again."),
        /** What is wrong in it. */
        INITRD_DAMAGED("The initrd is damaged: %s. Make or fetch it again."),
        /** Nothing that any Linux would take. */
        INITRD_UNKNOWN("The initrd is neither a cpio archive, nor compressed, nor a file system that Linux can boot. Choose another file."),
        /** The name. */
        NO_MULTIBOOT_HEADER("%s has no multiboot header."),
        /** Name, feature bits. */
        MULTIBOOT_FEATURES("%s asks for multiboot features %s, which are not offered."),
        /** The name. */
        MULTIBOOT_HEADER_CUT("%s is truncated: its multiboot header is cut off."),
        /** Name, what is wrong with its ELF header. */
        MULTIBOOT_NO_ADDRESSES("%s has neither load addresses nor a usable ELF header (%s). Fetch the file again."),
        /** Name, what is missing. */
        MULTIBOOT_TRUNCATED("%s is truncated: %s. Fetch the file again."),
        /** The name. */
        MULTIBOOT_LOAD_ADDRESS("%s is damaged: its multiboot load address lies outside the file."),
        /** The name. */
        MULTIBOOT_NO_ROOM("The VM has too little memory for %s and its module. Give the VM more memory."),
        /** Name, address. */
        MULTIBOOT_TOO_LOW("%s wants to lie at %s; a multiboot kernel must lie above 1 MiB. Link it for a higher address."),
        /** A sentence of its own, in English only. */
        OTHER("%s");

        private final String pattern;

        Reason(String pattern) {
            this.pattern = pattern;
        }

        /** The English sentence, its arguments as {@code %s}. */
        public String pattern() {
            return pattern;
        }
    }

    private final Reason reason;
    private final transient List<Object> arguments;

    /**
     * @param reason why
     * @param arguments what the reason names
     */
    public LoaderException(Reason reason, Object... arguments) {
        this((Throwable) null, reason, arguments);
    }

    /**
     * @param cause the failure below, or null
     * @param reason why
     * @param arguments what the reason names
     */
    public LoaderException(Throwable cause, Reason reason, Object... arguments) {
        super(reason.pattern.formatted(arguments), cause);
        this.reason = reason;
        this.arguments = List.of(arguments);
    }

    /** @param message what, why, what to do, in English */
    public LoaderException(String message) {
        this((Throwable) null, Reason.OTHER, message);
    }

    /**
     * @param message what, why, what to do, in English
     * @param cause the failure below
     */
    public LoaderException(String message, Throwable cause) {
        this(cause, Reason.OTHER, message);
    }

    /** Why. */
    public Reason reason() {
        return reason;
    }

    /** What the reason names, in the order of its pattern. */
    public List<Object> arguments() {
        return arguments == null ? List.of() : arguments;
    }
}
