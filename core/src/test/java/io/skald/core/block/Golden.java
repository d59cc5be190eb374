/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.block;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;

/**
 * Bytes as they were once written, one file per format version in {@code src/test/resources/golden}: every later version must read them. A file that is
 * missing is recorded with {@code -Dskald.golden.record=true}, run in the module's directory; one that is there is never written again. If the writer
 * gives other bytes for the same input on purpose (another codec, or another version of Zstandard), the old file stays for the
 * reader, and the writer's gets a new name.
 */
final class Golden {
    private static final int WIDTH = 64;

    private Golden() {}

    /** The bytes on file. */
    static byte[] read(String name) throws IOException {
        try (InputStream in = Golden.class.getResourceAsStream("/golden/" + name + ".hex")) {
            assertThat(in)
                    .as("golden file %s; record it with -Dskald.golden.record=true", name)
                    .isNotNull();
            String hex = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
            return HexFormat.of().parseHex(hex.replace("\n", ""));
        }
    }

    /** Checks that the bytes are those on file, or records them. */
    static void check(String name, byte[] written) throws IOException {
        if (Boolean.getBoolean("skald.golden.record")) {
            Path file = Path.of("src/test/resources/golden", name + ".hex");
            if (!Files.exists(file)) {
                Files.createDirectories(file.getParent());
                String hex = HexFormat.of().formatHex(written).replaceAll("(.{" + WIDTH + "})", "$1\n");
                Files.writeString(file, hex + "\n", StandardOpenOption.CREATE_NEW);
            }
            return;
        }
        assertThat(HexFormat.of().formatHex(written)).isEqualTo(HexFormat.of().formatHex(read(name)));
    }
}
