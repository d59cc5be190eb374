/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.ScanStats;
import java.util.function.Consumer;

/**
 * What the cursors over segments need to know of the query that they work for.
 *
 * @param request range, direction, columns and literals
 * @param stats where they count
 * @param lost takes a message about each block that cannot be read (corrupt, or its object is gone) and was left out; thread-safe
 */
public record SegmentScan(ScanRequest request, ScanStats stats, Consumer<String> lost) {}
