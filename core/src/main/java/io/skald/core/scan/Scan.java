/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.scan;

import java.util.List;

/**
 * The answer of a source to a request: the selected streams, ready to be read by several threads (each stream by one at a time). Holds
 * resources of the source until it is closed.
 */
public interface Scan extends AutoCloseable {
    /** The selected streams, each label set once, sorted by labels. */
    List<StreamScan> streams();

    /** What was read so far on behalf of this scan. */
    ScanStats stats();

    /** What the caller should be told, such as an ingester that did not answer. */
    List<String> warnings();

    @Override
    void close();
}
