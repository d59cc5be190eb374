/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.index;

/**
 * Constants of the commit log's format, version 1. Integers are little-endian. The page docs/formats/log.md says it in full.
 *
 * <pre>
 * 0            4         5      6
 * +------------+---------+------+------------------------------------------+
 * | crc32c u32 | version | kind | fields: type varint, length varint, bytes |
 * +------------+---------+------+------------------------------------------+
 * </pre>
 */
public final class LogFormat {
    public static final int VERSION = 1;

    static final int KIND_RECORD = 1;
    static final int KIND_CHECKPOINT = 2;
    static final int KIND_INGESTERS = 3;

    static final int FIELD_NONCE = 1;
    static final int FIELD_ADD = 2;
    static final int FIELD_REMOVE = 3;
    static final int FIELD_FENCE = 4;
    static final int FIELD_PART = 5;
    static final int FIELD_FENCE_STATE = 6;
    static final int FIELD_RECENT_NONCE = 7;
    /** A segment with retention, level and deletes; {@link #FIELD_ADD} has none of them. */
    static final int FIELD_ADD_MORE = 8;

    static final int FIELD_DELETE = 9;
    static final int FIELD_CANCEL = 10;
    static final int FIELD_APPLIED = 11;
    static final int FIELD_VOID = 12;
    static final int FIELD_DELETION_STATE = 13;
    static final int FIELD_LAST_DELETE = 14;
    static final int FIELD_MARK = 15;
    static final int FIELD_INGESTER = 16;
    /** As {@link #FIELD_DELETE} and {@link #FIELD_DELETION_STATE}, with positions of ingesters. */
    static final int FIELD_DELETE_UNSTORED = 17;

    static final int FIELD_DELETION_STATE_UNSTORED = 18;

    /** A reader that meets an unknown field of this type or above goes on without it; below it must not. */
    static final int FIRST_OPTIONAL_FIELD = 128;

    /** Longest record that is written, bytes: what one item of DynamoDB holds with its keys. */
    public static final int MAX_RECORD_BYTES = 380 << 10;

    static final int MAX_KEY_LENGTH = 1024;
    static final int MAX_INGESTER_ID_LENGTH = 256;

    /** Longest query of a delete request, characters. */
    public static final int MAX_QUERY_LENGTH = 64 << 10;

    /** Delete requests that are remembered after all was done for them. */
    static final int REMEMBERED_DELETIONS = 1000;

    /** Voided keys that are remembered: more than anybody could still be about to add. */
    static final int REMEMBERED_VOIDS = 4096;

    /** Records between checkpoints. */
    static final int CHECKPOINT_INTERVAL = 1000;

    /** Bytes at which a checkpoint begins its next part: well below what one item of DynamoDB holds. */
    static final int CHECKPOINT_PART_BYTES = 256 << 10;

    /** A checkpoint's parts have keys n × 4096 + part. */
    static final int CHECKPOINT_PART_BITS = 12;

    /** How many commits back a nonce is known. */
    static final int RECENT_NONCES = 256;

    /** The greatest key that a part of a checkpoint at record n may have. */
    public static long lastCheckpointKey(long n) {
        return (n + 1 << CHECKPOINT_PART_BITS) - 1;
    }

    private LogFormat() {}
}
