package org.viridian.engine.firmware;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.MemoryRegion;

/** The tables as a guest finds them: reachable from the root, sums right, AML that ACPICA reads back. */
class AcpiTablesTest {
    private final GuestMemory memory = new GuestMemory();

    @BeforeEach
    void ram() {
        for (BoardMap.Range range : BoardMap.ram(16 << 20)) {
            memory.add(new MemoryRegion(range.base(), Arena.ofAuto().allocate(range.size(), 4096), MemoryRegion.Kind.RAM));
        }
    }

    private byte[] table(long at) {
        byte[] bytes = new byte[memory.readInt(at + 4)];
        memory.read(at, bytes, 0, bytes.length);
        return bytes;
    }

    private static int sum(byte[] bytes) {
        int sum = 0;
        for (byte b : bytes) {
            sum += b;
        }
        return sum & 0xFF;
    }

    @Test
    void everyTableIsReachableAndSumsToZero() {
        long rsdp = AcpiTables.write(memory, 4, true);
        byte[] root = new byte[36];
        memory.read(rsdp, root, 0, 36);
        assertEquals(0, sum(root));
        byte[] xsdt = table(memory.readLong(rsdp + 24));
        assertEquals("XSDT", new String(xsdt, 0, 4, StandardCharsets.US_ASCII));
        assertEquals(0, sum(xsdt));
        for (int i = 36; i < xsdt.length; i += 8) {
            assertEquals(0, sum(table(memory.readLong(memory.readLong(rsdp + 24) + i))));
        }
    }

    @Test
    void acpicaReadsTheDsdtWithoutComplaint(@TempDir Path folder) throws IOException, InterruptedException {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/iasl")), "iasl (Debian package acpica-tools) is not installed");
        long rsdp = AcpiTables.write(memory, 2, true);
        long fadt = memory.readLong(memory.readLong(rsdp + 24) + 36);
        Files.write(folder.resolve("dsdt.aml"), table(memory.readLong(fadt + 140)));
        Process iasl = new ProcessBuilder("iasl", "-d", "dsdt.aml").directory(folder.toFile()).redirectErrorStream(true).start();
        String output = new String(iasl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, iasl.waitFor(), output);
        String source = Files.readString(folder.resolve("dsdt.dsl"));
        assertTrue(source.contains("\"VMBus\"") && source.contains("PNP0A03") && source.contains("0xF8000000"), source);
        Process compile = new ProcessBuilder("iasl", "dsdt.dsl").directory(folder.toFile()).redirectErrorStream(true).start();
        String compiled = new String(compile.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        // Microsoft's own id for VMBus has five characters, which the compiler alone objects to (6033).
        assertTrue(compiled.contains("6033") && compiled.contains("1 Errors, 0 Warnings"), compiled + source);
    }

    @Test
    void smbiosSumsToZeroAndNamesTheMachine() {
        Smbios.write(memory, Smbios.Identity.HYPER_V, new UUID(1, 2), 2, 512L << 20);
        byte[] entry = new byte[31];
        memory.read(BoardMap.BIOS_AREA, entry, 0, 31);
        assertEquals(0, sum(entry));
        byte[] structures = new byte[memory.readShort(BoardMap.BIOS_AREA + 22)];
        memory.read(memory.readInt(BoardMap.BIOS_AREA + 24), structures, 0, structures.length);
        assertTrue(new String(structures, StandardCharsets.ISO_8859_1).contains("Microsoft Corporation"));
    }
}
