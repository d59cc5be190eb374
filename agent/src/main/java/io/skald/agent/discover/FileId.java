/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.discover;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** What a file keeps when it is renamed: its device and inode. An inode is used again after its file is gone, so compare contents too. */
public record FileId(long device, long inode) {
    /** The identity of the file that a path leads to now, through symbolic links. */
    public static FileId of(Path path) throws IOException {
        Map<String, Object> attributes = Files.readAttributes(path, "unix:dev,ino");
        return new FileId(number(attributes, "dev"), number(attributes, "ino"));
    }

    private static long number(Map<String, Object> attributes, String name) throws IOException {
        if (attributes.get(name) instanceof Long n) {
            return n;
        }
        throw new IOException("the file system does not tell " + name + " of files");
    }
}
