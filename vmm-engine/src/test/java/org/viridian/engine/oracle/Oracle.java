package org.viridian.engine.oracle;

import java.io.IOException;
import java.util.List;

/**
 * Runs instruction sequences on a real processor at privilege level 3. Implemented by a child process; a guest on KVM could
 * be another. Two data pages lie between holes; a case brings and gets back the bytes around their common border and those
 * before the hole behind them.
 */
public interface Oracle extends AutoCloseable {
    /** Linear address of the first instruction. */
    long CODE = 0x1000_0800L;
    /** Most bytes of code in a case. */
    int CODE_BYTES = 60;
    /** Linear address of two read-write pages; nothing is mapped around them. */
    long DATA = 0x2000_0000L;
    /** Bytes of the data pages. */
    int DATA_BYTES = 0x2000;
    /** Offset of the first window: 512 bytes on either side of the border between the pages. */
    int WINDOW_1 = 0xE00;
    /** Bytes of the first window. */
    int WINDOW_1_BYTES = 1024;
    /** Offset of the second window: the last bytes of the second page. */
    int WINDOW_2 = 0x1F00;
    /** Bytes of the second window. */
    int WINDOW_2_BYTES = 256;
    /** Bytes of both windows, one behind the other. */
    int MEMORY_BYTES = WINDOW_1_BYTES + WINDOW_2_BYTES;

    /** Runs the cases; results in the same order. */
    List<OracleResult> run(List<OracleCase> cases) throws IOException;

    @Override
    void close() throws IOException;
}
