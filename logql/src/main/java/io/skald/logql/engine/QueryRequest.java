/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.core.scan.Direction;
import io.skald.logql.ast.Expr;

/**
 * One question.
 *
 * @param expr the query
 * @param startNanos for a log query the first time wanted (inclusive); for a range metric query the first step; for an instant query the
 *     moment
 * @param endNanos for a log query the end (exclusive); for a range metric query the last step (inclusive); for an instant query equal to
 *     {@code startNanos}
 * @param stepNanos distance of steps; 0 makes it an instant query
 * @param direction order of lines
 * @param limit most lines of a log query, ≥ 0
 */
public record QueryRequest(Expr expr, long startNanos, long endNanos, long stepNanos, Direction direction, int limit) {
    public boolean instant() {
        return stepNanos == 0;
    }
}
