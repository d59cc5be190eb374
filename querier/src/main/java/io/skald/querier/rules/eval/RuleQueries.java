/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import io.skald.core.model.TenantId;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.ast.SampleExpr;
import io.skald.logql.engine.QueryResult.Line;
import io.skald.logql.engine.QueryResult.Sample;
import io.skald.logql.engine.QueryResult.Series;
import java.util.List;

/** What rules ask of the log store. Thread-safe; every call blocks. */
public interface RuleQueries {
    /** The samples at a moment; a number alone is a sample without labels. */
    List<Sample> instant(TenantId tenant, SampleExpr expr, long atNanos)
            throws RuleQueryException, InterruptedException;

    /** Series over a range of steps. */
    List<Series> range(TenantId tenant, SampleExpr expr, long startNanos, long endNanos, long stepNanos)
            throws RuleQueryException, InterruptedException;

    /** The newest lines in [start, end), newest first. */
    List<Line> newest(TenantId tenant, LogExpr expr, long startNanos, long endNanos, int limit)
            throws RuleQueryException, InterruptedException;
}
