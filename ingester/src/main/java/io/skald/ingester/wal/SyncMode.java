/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.wal;

/** When an append to the WAL returns. */
public enum SyncMode {
    /** After the record is on disk. */
    ALWAYS,
    /** After the record was handed to the operating system; a power cut may take back what was acknowledged within the sync interval. */
    INTERVAL
}
