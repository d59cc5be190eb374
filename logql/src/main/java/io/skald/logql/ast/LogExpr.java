/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.ast;

import io.skald.core.model.Matcher;
import java.util.List;

/** A log query: {@code {app="web"} |= "error" | json}. */
public record LogExpr(List<Matcher> matchers, List<Stage> stages, Position position) implements Expr {
    public LogExpr {
        matchers = List.copyOf(matchers);
        stages = List.copyOf(stages);
    }
}
