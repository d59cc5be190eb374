/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Objects;

/** Small files that are written as a whole. */
public final class DurableFile {
    private DurableFile() {}

    /**
     * Gives a file all that remains of {@code bytes} as its new content, durable on return: a crash at any moment leaves the old one or the new one. One thread at a time per file.
     *
     * @throws IOException if it cannot be written; which of the two is there is unknown then, unless it fails before the name is changed
     */
    public static void write(Disk disk, Path file, ByteBuffer bytes) throws IOException {
        Path made = file.resolveSibling(file.getFileName() + ".tmp");
        disk.delete(made);
        try (FileChannel c = disk.create(made)) {
            disk.write(c, bytes, 0);
            disk.force(c, true);
        }
        disk.replace(made, file);
        disk.syncDirectory(Objects.requireNonNull(file.toAbsolutePath().getParent()));
    }
}
