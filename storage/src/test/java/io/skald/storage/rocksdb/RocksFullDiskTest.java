/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.skald.core.model.StoreException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file system that is full to the last byte and then is not. Skipped, with the reason, where the test may not mount one. */
class RocksFullDiskTest {
    @SuppressWarnings("NullAway.Init") // set by JUnit
    @TempDir
    Path dir;

    private boolean mounted;

    @BeforeEach
    void mount() throws Exception {
        mounted = run("mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", dir.toString());
        assumeTrue(mounted, "mounting a tmpfs needs root and the right to mount");
    }

    @AfterEach
    void unmount() throws Exception {
        if (mounted) {
            assertThat(run("umount", dir.toString())).isTrue();
        }
    }

    private static boolean run(String... command) throws InterruptedException {
        try {
            Process p = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return p.waitFor(20, TimeUnit.SECONDS) && p.exitValue() == 0;
        } catch (IOException e) {
            // there is no such program
            return false;
        }
    }

    @Test
    void writesFailWhileItIsFullAndGoOnWhenThereIsRoom() throws Exception {
        byte[] value = new byte[3000];
        int acknowledged = 0;
        try (RocksIndexStore store = RocksIndexStore.open(dir.resolve("index"))) {
            Path other = fill();
            boolean full = false;
            while (!full) {
                try {
                    assertThat(store.putIfAbsent("p", acknowledged, value)).isTrue();
                    acknowledged++;
                } catch (StoreException.Unavailable e) {
                    full = true;
                    assertThat(e).hasMessageContaining("No space left");
                }
            }
            assertThat(store.read("p", 0, 10_000)).hasSizeGreaterThanOrEqualTo(acknowledged);
            Files.delete(other);
            // RocksDB looks for room every five seconds, and wants some more than it needs
            long deadline = System.nanoTime() + 60_000_000_000L;
            boolean room = false;
            while (!room) {
                assertThat(System.nanoTime()).as("room again").isLessThan(deadline);
                try {
                    // the one that failed may have been written or not
                    store.putIfAbsent("p", acknowledged, value);
                    acknowledged++;
                    room = true;
                } catch (StoreException.Unavailable e) {
                    TimeUnit.MILLISECONDS.sleep(20);
                }
            }
        }
        try (RocksIndexStore again = RocksIndexStore.open(dir.resolve("index"))) {
            assertThat(again.read("p", 0, 10_000)).hasSize(acknowledged);
        }
    }

    private Path fill() throws IOException {
        Path other = dir.resolve("other");
        try (var channel = Files.newByteChannel(other, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            ByteBuffer b = ByteBuffer.allocate(4096);
            while (channel.write(b.clear()) > 0) {}
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("No space left");
        }
        return other;
    }
}
