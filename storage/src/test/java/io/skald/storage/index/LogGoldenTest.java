/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.index;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.StoreException.CorruptData;
import io.skald.storage.Golden;
import io.skald.storage.segment.SegmentRef;
import java.io.IOException;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Version 1 of the commit log's records on file; see {@link Golden}. */
class LogGoldenTest {
    private static final SegmentRef SEGMENT =
            new SegmentRef("t/2026-01-01/golden.seg", 20454, -5, 1_767_225_600_000_000_000L, 4096, 35, 1234, 3000, 2);
    private static final LogRecord RECORD = new LogRecord(
            new UUID(0x0123456789abcdefL, 0xfedcba9876543210L),
            List.of(SEGMENT),
            List.of("t/2026-01-01/old.seg"),
            new Fence("ingester-0", 17, 300));

    private static LogState state() {
        LogState s = new LogState();
        s.apply(1, RECORD);
        return s;
    }

    @Test
    void version1IsRead() throws IOException, CorruptData {
        assertThat(LogCodec.decode("golden", Golden.read("log-record-1"))).isEqualTo(RECORD);
        LogState restored = new LogState();
        assertThat(restored.restore("golden", Golden.read("log-checkpoint-1"), 1, 0))
                .isEqualTo(1);
        assertThat(restored.version()).isEqualTo(state().version());
        assertThat(restored.find(RECORD)).isEqualTo(1);
    }

    @Test
    void version1IsWritten() throws IOException {
        Golden.check("log-record-1", LogCodec.encode(RECORD));
        assertThat(state().checkpoint()).hasSize(1);
        Golden.check("log-checkpoint-1", state().checkpoint().getFirst());
    }
}
