/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.core.scan.ScanStats;
import java.util.List;

/**
 * Some lines of a query in forward order.
 *
 * @param last whether there are no more behind them
 */
public record LinePage(List<Placed> lines, boolean last, ScanStats stats, List<String> warnings) {
    public LinePage {
        lines = List.copyOf(lines);
        warnings = List.copyOf(warnings);
    }

    /** A line with its place. */
    public record Placed(QueryResult.Line line, LinePlace place) {}
}
