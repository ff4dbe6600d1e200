package org.viridian.devices.emulated.ide;

import java.util.Arrays;
import java.util.function.LongSupplier;
import org.viridian.devices.emulated.EmulatedDevice;
import org.viridian.engine.device.Counter;

/**
 * What ATA and ATAPI drives share: status, error, and the buffer between the data register and the host.
 *
 * <p>Thread rule: under the device lock; the host's files are touched only through {@link IdeChannel#background}.
 */
abstract class IdeDrive extends EmulatedDevice {
    static final int BUSY = 0x80;
    static final int READY = 0x40;
    static final int FAULT = 0x20;
    static final int SEEK = 0x10;
    static final int DATA = 0x08;
    static final int FAILED = 0x01;
    static final int ABORTED = 0x04;
    static final int NOT_FOUND = 0x10;
    static final int UNCORRECTABLE = 0x40;

    /** The part of the volatile state that every drive has. */
    record Port(int status, int error, byte[] buffer, int position, boolean toDrive) {}

    private static final byte[] EMPTY = {};

    // Glue.
    final Counter bytesRead = node().counter("bytes-read");
    final Counter bytesWritten = node().counter("bytes-written");
    private IdeChannel channel;

    // Volatile.
    int status;
    int error;
    private byte[] buffer = EMPTY;
    private int position;
    private boolean toDrive;

    IdeDrive(String id, String name, LongSupplier clock) {
        super(id, name, "storage", clock);
    }

    final void plug(IdeChannel owner) {
        channel = owner;
    }

    final IdeChannel channel() {
        return channel;
    }

    /** The guest has written the command register while this drive was selected and not busy. */
    abstract void command(int code);

    /** The data that {@link #offer} gave has been read. */
    abstract void taken();

    /** The data that {@link #demand} asked for has been written. */
    abstract void given(byte[] data);

    /** The bus master has been started; a drive with a DMA command goes on. */
    abstract void masterStarted();

    /** Software reset, power-on: forgets the command in progress and shows the signature. */
    abstract void softReset();

    /** Who this is, in the task file. */
    abstract void signature();

    /** Gives {@code data} to the guest through the data register and interrupts. */
    final void offer(byte[] data) {
        buffer = data;
        position = 0;
        toDrive = false;
        status = READY | SEEK | DATA;
        channel.interrupt();
    }

    /** Wants {@code count} bytes from the guest through the data register. */
    final void demand(int count, boolean interrupt) {
        buffer = new byte[count];
        position = 0;
        toDrive = true;
        status = READY | SEEK | DATA;
        if (interrupt) {
            channel.interrupt();
        }
    }

    /** The command has ended well. */
    final void complete() {
        buffer = EMPTY;
        status = READY | SEEK;
        error = 0;
        channel.interrupt();
    }

    /** The command has ended with these bits in the error register. */
    final void fail(int errorBits) {
        buffer = EMPTY;
        status = READY | SEEK | FAILED;
        error = errorBits;
        channel.interrupt();
    }

    final void idle(int nextStatus, int nextError) {
        buffer = EMPTY;
        position = 0;
        toDrive = false;
        status = nextStatus;
        error = nextError;
    }

    final int readData(int size) {
        accessed();
        if ((status & DATA) == 0 || toDrive) {
            return 0;
        }
        int value = 0;
        for (int i = 0; i < size && position < buffer.length; i++) {
            value |= (buffer[position++] & 0xFF) << 8 * i;
        }
        if (position >= buffer.length) {
            status &= ~DATA;
            buffer = EMPTY;
            position = 0;
            taken();
        }
        return value;
    }

    final void writeData(int size, int value) {
        accessed();
        if ((status & DATA) == 0 || !toDrive) {
            return;
        }
        for (int i = 0; i < size && position < buffer.length; i++) {
            buffer[position++] = (byte) (value >>> 8 * i);
        }
        if (position >= buffer.length) {
            byte[] whole = buffer;
            status = status & ~DATA | BUSY;
            buffer = EMPTY;
            position = 0;
            given(whole);
        }
    }

    /** Counts an access to this drive's registers. */
    final void touched() {
        accessed();
    }

    final Port savePort() {
        return new Port(status, error, Arrays.copyOf(buffer, buffer.length), position, toDrive);
    }

    final void restorePort(Port port) {
        if (port == null || port.buffer == null || port.position < 0 || port.position > port.buffer.length) {
            throw new IllegalArgumentException(node().id() + " state has no data register");
        }
        status = port.status & 0xFF;
        error = port.error & 0xFF;
        buffer = port.buffer.clone();
        position = port.position;
        toDrive = port.toDrive;
    }

    /** Swaps the bytes of each word, as IDENTIFY gives text. */
    static void text(short[] words, int first, int count, String text) {
        for (int i = 0; i < count; i++) {
            int high = 2 * i < text.length() ? text.charAt(2 * i) : ' ';
            int low = 2 * i + 1 < text.length() ? text.charAt(2 * i + 1) : ' ';
            words[first + i] = (short) (high << 8 | low);
        }
    }

    static byte[] littleEndian(short[] words) {
        byte[] bytes = new byte[2 * words.length];
        for (int i = 0; i < words.length; i++) {
            bytes[2 * i] = (byte) words[i];
            bytes[2 * i + 1] = (byte) (words[i] >> 8);
        }
        return bytes;
    }
}
