/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.store;

import io.skald.core.config.SkaldConfig;
import io.skald.core.config.StorageSettings.IndexBackend;
import io.skald.core.config.StorageSettings.SegmentBackend;
import io.skald.core.model.StoreException;
import io.skald.core.service.CloseStack;
import io.skald.ingester.flush.SegmentNotes;
import io.skald.storage.IndexStore;
import io.skald.storage.SegmentStore;
import io.skald.storage.StoreMetrics;
import io.skald.storage.compact.Garbage;
import io.skald.storage.dynamodb.DynamoDbIndexStore;
import io.skald.storage.file.FileSegmentStore;
import io.skald.storage.index.CommitLog;
import io.skald.storage.rocksdb.RocksIndexStore;
import io.skald.storage.s3.S3SegmentStore;
import io.skald.storage.segment.OrphanSegments;
import java.nio.file.Path;
import java.util.function.LongSupplier;

/**
 * Where everything is kept. What AWS' client needs is loaded only if the configuration names it.
 *
 * @param index the key-value records
 * @param log the commit logs in them
 */
public record Stores(IndexStore index, CommitLog log, SegmentStore segments) {
    /**
     * Opens the stores, which then belong to {@code parts}.
     *
     * @param data the data directory, which the caller has locked
     * @throws StoreException naming what cannot be used
     */
    public static Stores open(SkaldConfig config, Path data, CloseStack parts, StoreMetrics metrics)
            throws StoreException {
        if (config.storage().shared()) {
            return look(config, data, parts, metrics);
        }
        SegmentStore segments = parts.add("segments", segments(config, data, metrics));
        IndexStore index = parts.add("index", EmbeddedIndex.open(data, segments));
        CommitLog log = new CommitLog(index);
        if (segments instanceof FileSegmentStore) {
            // nobody else can be writing there; in a bucket others may; there it is noted before, see notes()
            OrphanSegments.sweep(segments, log);
        }
        return new Stores(index, log, segments);
    }

    /** The same, and leaves everything as it is. */
    static Stores look(SkaldConfig config, Path data, CloseStack parts, StoreMetrics metrics) throws StoreException {
        IndexStore index = parts.add("index", index(config, data, metrics));
        SegmentStore segments = parts.add("segments", segments(config, data, metrics));
        return new Stores(index, new CommitLog(index), segments);
    }

    /** The same for reading only, of stores that other processes may be using. */
    static Stores follow(SkaldConfig config, Path data, CloseStack parts, StoreMetrics metrics) throws StoreException {
        IndexStore index = parts.add(
                "index",
                config.storage().index() == IndexBackend.ROCKSDB
                        ? RocksIndexStore.follow(data.resolve("index"))
                        : index(config, data, metrics));
        SegmentStore segments = parts.add(
                "segments",
                config.storage().segments() == SegmentBackend.FILE
                        ? FileSegmentStore.look(data.resolve("segments"))
                        : segments(config, data, metrics));
        return new Stores(index, new CommitLog(index), segments);
    }

    private static IndexStore index(SkaldConfig config, Path data, StoreMetrics metrics) throws StoreException {
        return switch (config.storage().index()) {
            case ROCKSDB -> RocksIndexStore.open(data.resolve("index"));
            case DYNAMODB -> DynamoDbIndexStore.open(config.storage().dynamodb(), metrics);
        };
    }

    private static SegmentStore segments(SkaldConfig config, Path data, StoreMetrics metrics) throws StoreException {
        return switch (config.storage().segments()) {
            case FILE -> FileSegmentStore.open(data.resolve("segments"));
            case S3 -> S3SegmentStore.open(config.storage().s3(), metrics);
        };
    }

    /** What a flush tells before it writes. Where nobody else writes, what no commit names is found when the process starts. */
    public SegmentNotes notes(SkaldConfig config, LongSupplier nowMillis) {
        if (!config.storage().shared()) {
            return SegmentNotes.NONE;
        }
        Garbage garbage = new Garbage(index, segments, log);
        return (tenant, keys) -> garbage.flushing(tenant, keys, nowMillis.getAsLong());
    }
}
