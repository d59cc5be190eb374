/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.bench;

import io.skald.core.disk.Disk;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.ingester.head.BatchCodec;
import io.skald.ingester.head.EncodedBatch;
import io.skald.ingester.wal.PendingRecord;
import io.skald.ingester.wal.SyncMode;
import io.skald.ingester.wal.Wal;
import io.skald.ingester.wal.WalFile;
import io.skald.ingester.wal.WalListener;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Encoding a push of 256 KiB of lines into a record of the WAL, and appending it: until it is durable, or with {@code INTERVAL} until it is written.
 * The files lie in the directory for temporary files ({@code java.io.tmpdir}).
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class WalBench {
    private static final int SEGMENT_BYTES = 64 << 20;
    private static final TenantId TENANT = new TenantId("t");

    @Param
    public SyncMode sync = SyncMode.ALWAYS;

    private final EntryBatch batch = Corpus.batch(Corpus.Kind.JSON, 256 << 10, 4);
    private Path directory = Path.of("wal-bench");
    private @Nullable Wal wal;

    private static final class Nobody implements WalListener, Wal.Replay {
        @Override
        public void durable(List<? extends PendingRecord> records, long endPosition) {}

        @Override
        public void synced(long nanos, long bytes) {}

        @Override
        public void poisoned(WalFile file, Exception cause) {}

        @Override
        public byte @Nullable [] directory(long number) {
            return null;
        }

        @Override
        public void setAside(String path) {}

        @Override
        public void record(long position, byte type, MemorySegment payload) {}

        @Override
        public boolean directory(long number, byte[] content) {
            return true;
        }

        @Override
        public void corrupt(StoreException.CorruptData damage) {}
    }

    @Setup
    public void setUp() throws IOException, StoreException {
        directory = Files.createTempDirectory("wal-bench");
        Nobody nobody = new Nobody();
        wal = Wal.open(
                Disk.REAL,
                new Wal.Settings(directory, SEGMENT_BYTES, sync, Duration.ofMillis(100), () -> 2),
                1,
                0,
                nobody,
                nobody);
    }

    @TearDown
    public void end() throws IOException {
        Wal w = wal;
        if (w != null) {
            w.close();
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path p : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(p);
            }
        }
    }

    @Benchmark
    public int append() throws StoreException, InterruptedException {
        Wal w = wal;
        if (w == null) {
            throw new IllegalStateException("not set up");
        }
        List<EncodedBatch> records = BatchCodec.encode(TENANT, List.of(batch), 8 << 20);
        w.append(records);
        records.forEach(EncodedBatch::release);
        // all but the newest file may be used again
        w.releaseBelow(Integer.MAX_VALUE);
        return records.size();
    }
}
