/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.index;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.storage.Faults;
import io.skald.storage.FaultyIndexStore;
import io.skald.storage.memory.MemoryIndexStore;
import io.skald.storage.segment.SegmentRef;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A fault at every step of committing: the same commit tried again is there once, in order, for every reader. */
class LogFaultTest {
    private static final TenantId T = new TenantId("t");

    /** Held here, as loggers that nobody holds lose their level; the warnings would be pages of traces. */
    private final Logger warnings = Logger.getLogger(TenantLog.class.getName());

    @BeforeEach
    void silence() {
        warnings.setLevel(Level.OFF);
    }

    @AfterEach
    void speak() {
        warnings.setLevel(null);
    }

    private static LogRecord flush(int i) {
        SegmentRef s = new SegmentRef("t/1970-01-01/s" + i + ".seg", 0, 1, 2, 100, 3, 50, 60, 1);
        return LogRecord.flush(List.of(s), new Fence("i", i, i + 1));
    }

    @Test
    void whatIsRetriedIsCommittedOnce() throws StoreException {
        for (Faults.Kind kind : List.of(Faults.Kind.ERROR, Faults.Kind.ERROR_AFTER)) {
            boolean fired = true;
            for (int step = 0; fired; step++) {
                MemoryIndexStore store = new MemoryIndexStore();
                Faults faults = new Faults(kind, step);
                CommitLog log = new CommitLog(new FaultyIndexStore(store, faults), 3);
                List<String> keys = new ArrayList<>();
                for (int i = 0; i < 7; i++) {
                    LogRecord r = flush(i);
                    keys.add(r.adds().getFirst().key());
                    CommitResult result;
                    try {
                        result = log.commit(T, r);
                    } catch (StoreException.Unavailable e) {
                        result = log.commit(T, r);
                    }
                    assertThat(result).as("%s at step %d", kind, step).isEqualTo(new CommitResult.Committed(i + 1));
                }
                fired = faults.fired();
                IndexVersion v = new CommitLog(store, 3).read(T);
                assertThat(v.n()).isEqualTo(7);
                assertThat(v.fence("i")).isEqualTo(7);
                assertThat(v.segments().stream().map(SegmentRef::key)).containsExactlyElementsOf(keys);
            }
        }
    }
}
