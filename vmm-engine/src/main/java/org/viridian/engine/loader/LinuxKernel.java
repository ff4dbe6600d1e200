package org.viridian.engine.loader;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.processor.ProcessorState;

/**
 * A Linux bzImage (Linux, Documentation/arch/x86/boot.rst). A 64-bit kernel whose payload can be unpacked on the host
 * is entered where its own decompressor would enter it, at the addresses it is linked for; any other kernel gets its
 * protected-mode part and unpacks itself.
 */
public final class LinuxKernel implements KernelImage {
    // Offsets into the file.
    private static final int SETUP_SECTORS = 0x1F1;
    private static final int BOOT_FLAG = 0x1FE;
    private static final int HEADER_MAGIC = 0x202;
    private static final int VERSION = 0x206;
    private static final int INITRD_ADDR_MAX = 0x22C;
    private static final int XLOADFLAGS = 0x236;
    private static final int COMMAND_LINE_SIZE = 0x238;
    private static final int PAYLOAD_OFFSET = 0x248;
    private static final int PAYLOAD_LENGTH = 0x24C;
    private static final int PREFERRED_ADDRESS = 0x258;
    private static final int INIT_SIZE = 0x260;
    private static final int HEADER_MINIMUM = 0x264;

    private static final int BOOT_FLAG_VALUE = 0xAA55;
    private static final int HDRS = 0x53726448;
    private static final int SECTOR = 512;
    private static final int DEFAULT_SETUP_SECTORS = 4;
    /** The first version with everything used here: payload, preferred address, memory needed. */
    private static final int OLDEST = 0x020A;
    private static final int XLF_KERNEL_64 = 1;
    private static final int ENTRY_64 = 0x200;
    private static final int CLASSIC_LOAD_ADDRESS = 0x10_0000;

    private static final long PAGE = GuestMemory.PAGE_SIZE;

    private final String name;
    private final byte[] image;
    private final int setupSize;

    private LinuxKernel(String name, byte[] image, int setupSize) {
        this.name = name;
        this.image = image;
        this.setupSize = setupSize;
    }

    /** True when the file has the boot sector and header magic of a Linux kernel. */
    static boolean looksLike(byte[] image) {
        return image.length >= VERSION + 2 && word(image, BOOT_FLAG) == BOOT_FLAG_VALUE && dword(image, HEADER_MAGIC) == HDRS;
    }

    static LinuxKernel parse(String name, byte[] image) throws LoaderException {
        int version = word(image, VERSION);
        if (version < OLDEST) {
            throw new LoaderException("The kernel %s speaks boot protocol %d.%02d; at least 2.10 (Linux 2.6.31) is needed."
                    .formatted(name, version >> 8, version & 0xFF));
        }
        int sectors = image[SETUP_SECTORS] & 0xFF;
        int setupSize = ((sectors == 0 ? DEFAULT_SETUP_SECTORS : sectors) + 1) * SECTOR;
        if (image.length < Math.max(HEADER_MINIMUM, setupSize)) {
            throw truncated(name, image.length, setupSize);
        }
        long payloadEnd = setupSize + (dword(image, PAYLOAD_OFFSET) & 0xFFFF_FFFFL) + (dword(image, PAYLOAD_LENGTH) & 0xFFFF_FFFFL);
        if (payloadEnd > image.length) {
            throw truncated(name, image.length, payloadEnd);
        }
        return new LinuxKernel(name, image, setupSize);
    }

    private static LoaderException truncated(String name, int size, long needed) {
        return new LoaderException("The kernel %s is truncated: its header speaks of %d bytes and the file has %d; copy it again."
                .formatted(name, needed, size));
    }

    @Override
    public ProcessorState load(GuestMemory memory, BootInputs inputs) throws LoaderException {
        byte[] commandLine = commandLine(inputs.commandLine());
        Optional<Placed> placed = placeUnpacked(memory);
        Placed kernel = placed.isPresent() ? placed.get() : placePacked(memory, inputs);
        long disk = inputs.ramDisk().isPresent() ? placeRamDisk(memory, inputs, inputs.ramDisk().get(), kernel.end()) : 0;
        long diskSize = inputs.ramDisk().map(RamDisk::size).orElse(0L);
        long bootParameters = BootParameters.write(memory, inputs, image, commandLine, kernel.start(), disk, diskSize);
        Map<Integer, Long> registers = Map.of(EntryState.RSI, bootParameters);
        return kernel.longMode()
                ? EntryState.longMode(memory, kernel.entry(), registers)
                : EntryState.protectedMode(memory, kernel.entry(), registers);
    }

    /** Where a kernel has been put. */
    private record Placed(long start, long end, long entry, boolean longMode) {}

    /** Unpacks the payload into place; empty when its format or kind needs the guest's own decompressor. */
    private Optional<Placed> placeUnpacked(GuestMemory memory) throws LoaderException {
        int offset = setupSize + dword(image, PAYLOAD_OFFSET);
        int length = dword(image, PAYLOAD_LENGTH);
        try {
            Optional<InputStream> payload = Payload.open(image, offset, length);
            if (payload.isEmpty()) {
                return Optional.empty();
            }
            try (InputStream in = new BufferedInputStream(payload.get(), 1 << 16)) {
                ElfImage elf = ElfImage.open(in);
                if (!elf.wide()) {
                    return Optional.empty();
                }
                elf.load(memory, "kernel " + name);
                return Optional.of(new Placed(elf.start(), elf.end(), elf.physicalEntry(), true));
            }
        } catch (IOException damaged) {
            throw new LoaderException("The kernel %s is damaged: its payload cannot be unpacked (%s); copy it again."
                    .formatted(name, damaged.getMessage()), damaged);
        }
    }

    private Placed placePacked(GuestMemory memory, BootInputs inputs) throws LoaderException {
        boolean longMode = (word(image, XLOADFLAGS) & XLF_KERNEL_64) != 0 && word(image, VERSION) >= 0x020C;
        long start = longMode ? quad(image, PREFERRED_ADDRESS) : CLASSIC_LOAD_ADDRESS;
        long size = image.length - setupSize;
        long end = start + Math.max(size, dword(image, INIT_SIZE) & 0xFFFF_FFFFL);
        if (start < CLASSIC_LOAD_ADDRESS || end > inputs.lowMemoryEnd() || end < start) {
            throw tooSmall(end, inputs);
        }
        memory.write(start, image, setupSize, (int) size);
        return new Placed(start, end, longMode ? start + ENTRY_64 : start, longMode);
    }

    private long placeRamDisk(GuestMemory memory, BootInputs inputs, RamDisk disk, long kernelEnd) throws LoaderException {
        long limit = Math.min(inputs.lowMemoryEnd(), (dword(image, INITRD_ADDR_MAX) & 0xFFFF_FFFFL) + 1);
        long address = limit - disk.size() & -PAGE;
        if (address < kernelEnd) {
            throw tooSmall(kernelEnd + disk.size(), inputs);
        }
        disk.load(memory, address);
        return address;
    }

    private LoaderException tooSmall(long needed, BootInputs inputs) {
        return new LoaderException("The kernel %s and its initial RAM disk need %d MiB, and the VM has %d MiB; give the VM more memory."
                .formatted(name, (needed + (1 << 20) - 1) >> 20, inputs.memoryBytes() >> 20));
    }

    private byte[] commandLine(String text) throws LoaderException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        long limit = Math.min(dword(image, COMMAND_LINE_SIZE) & 0xFFFF_FFFFL, BootParameters.MAX_COMMAND_LINE);
        if (bytes.length > limit) {
            throw new LoaderException("The kernel command line has %d bytes; the kernel %s takes at most %d."
                    .formatted(bytes.length, name, limit));
        }
        if (text.indexOf('\0') >= 0) {
            throw new LoaderException("The kernel command line contains a NUL character; remove it.");
        }
        return bytes;
    }

    private static int word(byte[] bytes, int at) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getShort(at) & 0xFFFF;
    }

    private static int dword(byte[] bytes, int at) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(at);
    }

    private static long quad(byte[] bytes, int at) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(at);
    }
}
