/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import com.fasterxml.jackson.core.JsonGenerator;
import io.skald.core.config.Limits;
import io.skald.core.config.TenantLimits;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.Matcher;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.scan.LogSource;
import io.skald.logql.engine.Engine;
import io.skald.logql.engine.PatternRequest;
import io.skald.logql.engine.PatternResult;
import io.skald.logql.parser.DurationText;
import io.skald.logql.parser.Parser;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/** {@code patterns}: what the lines of a selector have in common, and how many of each there are by step. Thread-safe. */
final class PatternsHandler {
    private final Engine engine;
    private final Sources sources;
    private final TenantLimits tenantLimits;
    private final boolean multiTenant;
    private final LongSupplier clockNanos;

    PatternsHandler(
            Engine engine, Sources sources, TenantLimits tenantLimits, boolean multiTenant, LongSupplier clockNanos) {
        this.engine = engine;
        this.sources = sources;
        this.tenantLimits = tenantLimits;
        this.multiTenant = multiTenant;
        this.clockNanos = clockNanos;
    }

    HttpResponse patterns(HttpRequest request) throws StoreException, InterruptedException {
        Tenants tenants = Tenants.of(request, multiTenant);
        long now = clockNanos.getAsLong();
        TimeParams.Range asked = TimeParams.range(request, now);
        QueryHandlers.checkOrder(asked);
        // samples carry whole seconds
        long step = Math.ceilDiv(TimeParams.step(request, asked), TimeParams.SECOND) * TimeParams.SECOND;
        QueryHandlers.checkSteps(asked, step);
        List<Matcher> matchers = Parser.parseSelector(request.paramOr("query", ""));
        List<Limits> limits = tenants.limits(tenantLimits);
        TimeParams.Range range = LimitChecks.range(limits, asked, 0, now);
        PatternResult result = run(
                request,
                tenants.source(sources),
                limits,
                new PatternRequest(matchers, range.startNanos(), range.endNanos(), step));
        return new HttpResponse(200, Map.of("Content-Type", HttpResponse.JSON), out -> {
            try (JsonGenerator g =
                    QueryJson.JSON.createGenerator(out).disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)) {
                write(result, g);
            }
        });
    }

    private PatternResult run(HttpRequest request, LogSource source, List<Limits> limits, PatternRequest patterns)
            throws StoreException, InterruptedException {
        long timeout = QueryHandlers.timeoutNanos(limits);
        long begin = System.nanoTime();
        BooleanSupplier cancelled = () -> request.disconnected().getAsBoolean() || System.nanoTime() - begin > timeout;
        try {
            return engine.patterns(patterns, source, cancelled);
        } catch (RequestException e) {
            if (e.code() == ErrorCode.CLIENT_CLOSED && System.nanoTime() - begin > timeout) {
                throw new RequestException(
                        ErrorCode.TIMEOUT,
                        "query timed out after " + DurationText.formatUnits(timeout) + " (query_timeout)",
                        e);
            }
            throw e;
        }
    }

    private static void write(PatternResult result, JsonGenerator g) throws IOException {
        g.writeStartObject();
        g.writeStringField("status", "success");
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
        if (!result.warnings().isEmpty()) {
            QueryJson.strings(g, "warnings", result.warnings());
        }
        g.writeEndObject();
    }
}
