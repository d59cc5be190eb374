/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.storage.Golden;
import io.skald.storage.SegmentStore;
import io.skald.storage.memory.MemorySegmentStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/** Version 1 of a backup's file; see {@link Golden}. */
class BackupGoldenTest {
    private static final BackupContent CONTENT = new BackupContent(
            "20260101T000000.000Z",
            1_767_225_600_000L,
            List.of(new BackupContent.Tenant(new TenantId("a"), 3, 2, 40, 5000)),
            List.of(new BackupContent.Segment("a/2026-01-01/one.seg", 4096, 0x89abcdef)),
            List.of("a/2026-01-01/lost.seg"));

    private static SegmentStore store(byte[] bytes) throws StoreException {
        SegmentStore store = new MemorySegmentStore();
        try (SegmentStore.Output out = store.create(BackupPlace.file(CONTENT.name()))) {
            out.write(bytes, 0, bytes.length);
            out.commit();
        }
        return store;
    }

    private static byte[] written() throws StoreException {
        SegmentStore store = new MemorySegmentStore();
        String file = BackupPlace.file(CONTENT.name());
        try (SegmentStore.Output out = store.create(file)) {
            BackupWriter w = new BackupWriter(out);
            w.about(CONTENT.createdMillis());
            w.tenant(CONTENT.tenants().getFirst());
            w.segment(CONTENT.segments().getFirst());
            w.lost(CONTENT.lost().getFirst());
            w.record("a/log", 1, new byte[] {1, 2, 3});
            w.record("a/rules", -5, new byte[0]);
            w.commit();
        }
        return store.read(file, 0, (int) store.size(file));
    }

    @Test
    void version1IsWritten() throws IOException, StoreException {
        assertThat(BackupPlace.name(CONTENT.createdMillis())).isEqualTo(CONTENT.name());
        Golden.check("backup-1", written());
    }

    @Test
    void version1IsRead() throws IOException, StoreException {
        List<String> records = new ArrayList<>();
        BackupContent read = new BackupPlace(store(Golden.read("backup-1")))
                .read(CONTENT.name(), (p, k, v) -> records.add(p + " " + k + " " + Arrays.toString(v)));
        assertThat(read).isEqualTo(CONTENT);
        assertThat(records).containsExactly("a/log 1 [1, 2, 3]", "a/rules -5 []");
    }

    /** Cut at every byte, and with every bit turned: never taken for whole. */
    @Test
    void whatIsDamagedIsRefused() throws StoreException {
        byte[] good = written();
        for (int i = 0; i < good.length; i++) {
            refused(Arrays.copyOf(good, i));
            byte[] bad = good.clone();
            bad[i] ^= (byte) (1 << i % 8);
            refused(bad);
        }
    }

    private static void refused(byte[] bytes) throws StoreException {
        BackupPlace p = new BackupPlace(store(bytes));
        assertThatThrownBy(() -> p.content(CONTENT.name())).isInstanceOf(StoreException.CorruptData.class);
    }

    /** With the right checksum, so that what is behind it is reached. */
    @Test
    void anyFieldsAreReadOrRefused() throws StoreException {
        byte[] good = written();
        long first = System.nanoTime();
        for (long seed = first; seed < first + 3000; seed++) {
            Random random = new Random(seed);
            byte[] bad = good.clone();
            int at = BackupFormat.HEADER_LENGTH;
            while (at < bad.length) {
                int length = bad[at] & 0xff | (bad[at + 1] & 0xff) << 8;
                int body = at + BackupFormat.FRAME_HEADER_LENGTH;
                if (random.nextInt(3) == 0) {
                    bad[body + random.nextInt(length)] = (byte) random.nextInt();
                    CRC32C crc = new CRC32C();
                    crc.update(bad, body, length);
                    for (int i = 0; i < 4; i++) {
                        bad[at + 4 + i] = (byte) (crc.getValue() >>> 8 * i);
                    }
                }
                at = body + length;
            }
            try {
                new BackupPlace(store(bad)).content(CONTENT.name());
            } catch (StoreException.CorruptData e) {
                // that is what it is for
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }
}
