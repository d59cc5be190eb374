/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The write-ahead log: preallocated, recycled files of checksummed records with group commit, and their recovery. Format page: docs/formats/wal.md. */
@org.jspecify.annotations.NullMarked
package io.skald.ingester.wal;
