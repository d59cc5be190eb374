/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import com.fasterxml.jackson.core.JsonGenerator;
import io.skald.core.config.Limits;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.Matcher;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.scan.LogSource;
import io.skald.logql.engine.PatternRequest;
import io.skald.logql.engine.PatternResult;
import io.skald.logql.parser.Parser;
import java.io.IOException;
import java.util.List;

/** {@code patterns}: what the lines of a selector have in common, and how many of each there are by step. Thread-safe. */
final class PatternsHandler {
    private final QueryServices services;

    PatternsHandler(QueryServices services) {
        this.services = services;
    }

    HttpResponse patterns(HttpRequest request) throws StoreException, InterruptedException {
        Tenants tenants = Tenants.of(request, services.multiTenant());
        long now = services.clockNanos().getAsLong();
        TimeParams.Range asked = TimeParams.range(request, now);
        QueryHandlers.checkOrder(asked);
        // samples carry whole seconds
        long step = Math.ceilDiv(TimeParams.step(request, asked), TimeParams.SECOND) * TimeParams.SECOND;
        LimitChecks.points(asked, step);
        List<Matcher> matchers = Parser.parseSelector(request.paramOr("query", ""));
        List<Limits> limits = tenants.limits(services.limits());
        for (Limits l : limits) {
            if (!l.patternsEnabled()) {
                throw new RequestException(
                        ErrorCode.NOT_FOUND, "not found: patterns are turned off for this tenant (patterns_enabled)");
            }
        }
        TimeParams.Range range = LimitChecks.range(limits, asked, 0, now);
        LogSource source = tenants.source(services.sources());
        PatternRequest patterns = new PatternRequest(matchers, range.startNanos(), range.endNanos(), step);
        PatternResult result = services.run(
                        request,
                        tenants,
                        limits,
                        "patterns",
                        (engine, strictest, cancelled) -> engine.patterns(patterns, source, cancelled))
                .answer();
        return JsonAnswer.success(result.warnings(), g -> write(result, g));
    }

    private static void write(PatternResult result, JsonGenerator g) throws IOException {
        g.writeArrayFieldStart("data");
        for (PatternResult.Pattern p : result.patterns()) {
            g.writeStartObject();
            g.writeStringField("pattern", p.pattern());
            g.writeStringField("level", p.level());
            g.writeArrayFieldStart("samples");
            for (int i = 0; i < p.counts().length; i++) {
                g.writeStartArray();
                g.writeNumber(p.stepNanos()[i] / TimeParams.SECOND);
                g.writeNumber(p.counts()[i]);
                g.writeEndArray();
            }
            g.writeEndArray();
            g.writeEndObject();
        }
        g.writeEndArray();
    }
}
