/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import java.util.Locale;

/** Where the index and the segments are kept. */
public record StorageSettings(
        @Setting(
                "Where the commit log is: `rocksdb`, in `data_dir`, for one process; `dynamodb`, in a table that many processes share.")
        IndexBackend index,

        @Setting(
                "Where segments are: `file`, in `data_dir`, for one process; `s3`, in a bucket that many processes share.")
        SegmentBackend segments,

        @Setting(
                value =
                        "With `segments: s3`: how much of what queries read of segments is kept in `data_dir`; 0 for nothing. It may be removed at any time.",
                bytes = true)
        long cacheSize,

        @Setting("DynamoDB, with `index: dynamodb`") DynamoDbSettings dynamodb,
        @Setting("S3, with `segments: s3`") S3Settings s3) {
    public static final StorageSettings DEFAULTS = new StorageSettings(
            IndexBackend.ROCKSDB, SegmentBackend.FILE, 2L << 30, DynamoDbSettings.DEFAULTS, S3Settings.DEFAULTS);

    public StorageSettings {
        boolean sharedIndex = index == IndexBackend.DYNAMODB;
        boolean sharedSegments = segments == SegmentBackend.S3;
        if (sharedIndex && !sharedSegments) {
            throw new IllegalArgumentException(
                    "index: dynamodb needs segments: s3, as other processes read the segments, too");
        }
        if (sharedSegments && s3.bucket().isEmpty()) {
            throw new IllegalArgumentException("segments: s3 needs s3.bucket");
        }
    }

    /** Whether other processes use the same index. */
    public boolean shared() {
        return index == IndexBackend.DYNAMODB;
    }

    /** What holds the commit log. */
    public enum IndexBackend {
        ROCKSDB,
        DYNAMODB;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What holds the segments. */
    public enum SegmentBackend {
        FILE,
        S3;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
