/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The index in an embedded RocksDB; one process owns a directory. */
@org.jspecify.annotations.NullMarked
package io.skald.storage.rocksdb;
