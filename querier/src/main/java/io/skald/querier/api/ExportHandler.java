/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.skald.core.config.Limits;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.HttpResponse;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.scan.LogSource;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.engine.LinePage;
import io.skald.logql.engine.LinePlace;
import io.skald.logql.engine.QueryResult;
import io.skald.logql.parser.Parser;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code /skald/api/v1/export}: all lines of a log query, oldest first, however many, in bounded memory. Each line carries its place as a
 * cursor, behind which another request can go on. Thread-safe.
 */
final class ExportHandler {
    /** What is held at once; a page is read anew from its first block, so small pages read blocks often. */
    private static final int PAGE_LINES = 50_000;

    private static final long PAGE_CHARS = 16L << 20;

    private static final String NDJSON = "application/x-ndjson; charset=UTF-8";
    private static final JsonFactory LINES = new JsonFactory().setRootValueSeparator("\n");

    private final QueryServices services;

    /** A reading in pages. */
    private record Export(
            HttpRequest request,
            Tenants tenants,
            LogSource source,
            List<Limits> limits,
            LogExpr query,
            TimeParams.Range range) {}

    ExportHandler(QueryServices services) {
        this.services = services;
    }

    HttpResponse export(HttpRequest request) throws StoreException, InterruptedException {
        Tenants tenants = Tenants.of(request, services.multiTenant());
        long now = services.clockNanos().getAsLong();
        TimeParams.Range range = TimeParams.range(request, now);
        QueryHandlers.checkOrder(range);
        String format = request.paramOr("format", "ndjson");
        if (!format.equals("ndjson") && !format.equals("raw")) {
            throw LimitChecks.bad("format must be ndjson or raw, not '" + format + "'");
        }
        if (!(Parser.parseExtended(request.paramOr("query", "")) instanceof LogExpr query)) {
            throw LimitChecks.bad("only log queries can be exported");
        }
        LimitChecks.linesAlone(query, "an export");
        List<Limits> limits = tenants.limits(services.limits());
        LimitChecks.expression(limits, query);
        TimeParams.Range allowed = LimitChecks.lookback(limits, range, now);
        String cursor = request.paramOr("cursor", "");
        LogSource source = tenants.source(services.sources());
        Export export = new Export(request, tenants, source, limits, query, allowed);
        LinePlace after = cursor.isEmpty() ? null : place(cursor);
        long rest = after == null ? allowed.startNanos() : Math.max(allowed.startNanos(), after.timestampNanos());
        LimitChecks.bytesRead(limits, source, query, rest, allowed.endNanos());
        LinePage first = page(export, after);
        boolean raw = format.equals("raw");
        return new HttpResponse(200, Map.of("Content-Type", raw ? HttpResponse.TEXT : NDJSON), out -> {
            if (raw) {
                raw(export, first, out);
            } else {
                ndjson(export, first, out);
            }
        });
    }

    private LinePage page(Export e, @Nullable LinePlace after) throws StoreException, InterruptedException {
        return services.run(
                        e.request,
                        e.tenants,
                        e.limits,
                        "export",
                        (engine, strictest, cancelled) -> engine.page(
                                e.query,
                                e.range.startNanos(),
                                e.range.endNanos(),
                                after,
                                PAGE_LINES,
                                PAGE_CHARS,
                                e.source,
                                cancelled))
                .answer();
    }

    /** The page behind another one; null if there is none. */
    private @Nullable LinePage next(Export e, LinePage page) throws IOException {
        if (page.last() || page.lines().isEmpty()) {
            return null;
        }
        try {
            return page(e, page.lines().getLast().place());
        } catch (StoreException x) {
            throw new IOException(x.getMessage(), x);
        } catch (InterruptedException x) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", x);
        }
    }

    private void raw(Export e, LinePage first, OutputStream out) throws IOException {
        for (LinePage page = first; page != null; page = next(e, page)) {
            for (LinePage.Placed p : page.lines()) {
                out.write(p.line().line().getBytes(StandardCharsets.UTF_8));
                out.write('\n');
            }
            out.flush();
        }
    }

    private void ndjson(Export e, LinePage first, OutputStream out) throws IOException {
        try (JsonGenerator g = LINES.createGenerator(out).disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)) {
            boolean any = false;
            for (LinePage page = first; page != null; page = next(e, page)) {
                for (LinePage.Placed p : page.lines()) {
                    line(g, p);
                    any = true;
                }
                g.flush();
            }
            if (any) {
                g.writeRaw('\n');
            }
        }
    }

    private static void line(JsonGenerator g, LinePage.Placed p) throws IOException {
        QueryResult.Line l = p.line();
        g.writeStartObject();
        g.writeStringField("timestamp", Long.toString(l.timestampNanos()));
        QueryJson.labels(g, "stream", l.stream());
        labels(g, "metadata", l.metadata());
        labels(g, "parsed", l.parsed());
        g.writeStringField("line", l.line());
        g.writeStringField("cursor", cursor(p.place()));
        g.writeEndObject();
    }

    private static void labels(JsonGenerator g, String name, Labels labels) throws IOException {
        if (!labels.isEmpty()) {
            QueryJson.labels(g, name, labels);
        }
    }

    /** Time, stream and number of the line at this time in this stream. */
    static String cursor(LinePlace p) {
        return p.timestampNanos() + "." + Long.toHexString(p.fingerprint()) + "." + p.sequence();
    }

    static LinePlace place(String cursor) {
        String[] parts = cursor.split("\\.", -1);
        try {
            if (parts.length == 3) {
                return new LinePlace(
                        Long.parseLong(parts[0]), Long.parseUnsignedLong(parts[1], 16), Integer.parseInt(parts[2]));
            }
        } catch (NumberFormatException e) {
            throw LimitChecks.bad("invalid cursor '" + cursor + "': " + e.getMessage());
        }
        throw LimitChecks.bad("invalid cursor '" + cursor + "'");
    }
}
