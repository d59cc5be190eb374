/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.scan.EntryFilter;
import io.skald.core.scan.Requirement;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.parser.Parser;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The entries that a log query selects, whatever their times. Thread-safe. */
public final class QueryFilter implements EntryFilter {
    private final LogExpr query;
    private final CompiledPipeline pipeline;

    private QueryFilter(LogExpr query) {
        this.query = query;
        this.pipeline = Pipelines.compile(query.stages());
    }

    /** @throws io.skald.logql.parser.SyntaxException if it is no log query */
    public static QueryFilter of(String query) {
        return new QueryFilter(Parser.parseLog(query));
    }

    @Override
    public List<Requirement> requirements() {
        return pipeline.requirements();
    }

    @Override
    public @Nullable Entries forStream(Labels stream) {
        for (Matcher m : query.matchers()) {
            if (!m.matches(stream.getOrEmpty(m.name()))) {
                return null;
            }
        }
        if (query.stages().isEmpty()) {
            return at -> true;
        }
        LinePipeline p = pipeline.forStream(stream);
        return at -> p.process(at.timestampNanos(), at.buffer(), at.offset(), at.length(), at.metadata());
    }
}
