/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.ast;

/** A query: either lines or samples. */
public sealed interface Expr permits LogExpr, SampleExpr {
    Position position();
}
