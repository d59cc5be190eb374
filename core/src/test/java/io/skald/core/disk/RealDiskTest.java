/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RealDiskTest {
    @TempDir
    Path dir;

    /** Whole blocks, more than are written at once, and lengths that no file system takes past its cache. */
    @ParameterizedTest
    @ValueSource(ints = {1, 4096, 65_536, 1_000_001, (1 << 20) + 4096, 3 << 20})
    void zeros(int length) throws IOException {
        Path file = dir.resolve("zeros");
        Disk.REAL.createZeros(file, length);
        assertThat(Files.readAllBytes(file)).isEqualTo(new byte[length]);
    }

    @Test
    void zerosReplaceNothing() throws IOException {
        Path file = Files.writeString(dir.resolve("taken"), "text");
        assertThatThrownBy(() -> Disk.REAL.createZeros(file, 4096)).isInstanceOf(FileAlreadyExistsException.class);
        assertThat(file).hasContent("text");
    }
}
