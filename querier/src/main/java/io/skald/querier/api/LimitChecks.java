/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import io.skald.core.config.Limits;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.scan.LogSource;
import io.skald.logql.ast.Expr;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.ast.SampleExpr;
import io.skald.logql.ast.Stage;
import io.skald.logql.engine.QueryRequest;
import io.skald.logql.parser.ByteText;
import io.skald.logql.parser.DurationText;
import java.time.Duration;
import java.util.List;

/** What a tenant may ask for. Every failure is the caller's and names limit and value. */
final class LimitChecks {
    private static final int MAX_POINTS = 11_000;

    private LimitChecks() {}

    /** Checks how many steps a range has. */
    static void points(TimeParams.Range range, long stepNanos) {
        if ((range.endNanos() - range.startNanos()) / stepNanos > MAX_POINTS) {
            throw bad("exceeded maximum resolution of 11,000 points per time series. Try increasing the value"
                    + " of the step parameter");
        }
    }

    static void entries(List<Limits> limits, int wanted) {
        for (Limits l : limits) {
            int most = l.maxEntriesLimitPerQuery();
            if (most > 0 && wanted > most) {
                throw bad("max entries limit per query exceeded, limit > max_entries_limit_per_query (" + wanted + " > "
                        + most + ")");
            }
        }
    }

    /** Checks a range against the longest allowed, and cuts it to how far back a query may reach. */
    static TimeParams.Range range(List<Limits> limits, TimeParams.Range range, long windowNanos, long nowNanos) {
        TimeParams.Range reached = lookback(limits, range, nowNanos);
        long length = reached.endNanos() - reached.startNanos();
        for (Limits l : limits) {
            long most = l.maxQueryLength().toNanos();
            // the range alone is named first, as it is what a client chose
            checkLength(length, most);
            checkLength(length + windowNanos, most);
        }
        return reached;
    }

    private static void checkLength(long length, long most) {
        if (most > 0 && length > most) {
            throw bad("the query time range exceeds the limit (query length: " + DurationText.format(length)
                    + ", limit: " + DurationText.formatUnits(most) + ")");
        }
    }

    /** Cuts a range to how far back a query may reach. */
    static TimeParams.Range lookback(List<Limits> limits, TimeParams.Range range, long nowNanos) {
        long start = range.startNanos();
        Duration lookback = Duration.ZERO;
        for (Limits l : limits) {
            Duration d = l.maxQueryLookback();
            if (!d.isZero()) {
                lookback = lookback.isZero() || d.compareTo(lookback) < 0 ? d : lookback;
                start = Math.max(start, nowNanos - d.toNanos());
            }
        }
        if (range.endNanos() < start) {
            throw bad("this data is no longer available, it is past now - max_query_lookback ("
                    + DurationText.formatUnits(lookback.toNanos()) + ")");
        }
        return new TimeParams.Range(start, range.endNanos());
    }

    /** Checks how much the streams of a query hold in its time, where a tenant limits that. */
    static void bytesRead(List<Limits> limits, LogSource source, QueryRequest query) throws StoreException {
        bytesRead(limits, () -> switch (query.expr()) {
            case LogExpr log -> bytes(source, log, query.startNanos(), query.endNanos());
            case SampleExpr sample -> bytes(source, sample, query);
        });
    }

    /** The same for the lines of a selector in [start, end). */
    static void bytesRead(List<Limits> limits, LogSource source, LogExpr log, long start, long end)
            throws StoreException {
        bytesRead(limits, () -> bytes(source, log, start, end));
    }

    /** Adds up bytes. */
    private interface Bytes {
        long sum() throws StoreException;
    }

    private static void bytesRead(List<Limits> limits, Bytes held) throws StoreException {
        long most = Long.MAX_VALUE;
        for (Limits l : limits) {
            most = l.maxQueryBytesRead() > 0 ? Math.min(most, l.maxQueryBytesRead()) : most;
        }
        if (most == Long.MAX_VALUE) {
            return;
        }
        long bytes = held.sum();
        if (bytes > most) {
            throw bad("the query would read too many bytes (query: " + ByteText.format(bytes) + ", limit: "
                    + ByteText.format(most) + "); consider adding more specific stream selectors or reduce the time"
                    + " range of the query (max_query_bytes_read)");
        }
    }

    private static long bytes(LogSource source, LogExpr log, long start, long end) throws StoreException {
        long sum = 0;
        for (LogSource.StreamStats s :
                source.streamStats(log.matchers(), start, end).items()) {
            sum += s.bytes();
        }
        return sum;
    }

    private static long bytes(LogSource source, SampleExpr expr, QueryRequest query) throws StoreException {
        return switch (expr) {
            case SampleExpr.RangeAggregation r -> {
                long offset = r.range().offsetNanos();
                yield bytes(
                        source,
                        r.range().log(),
                        query.startNanos() - offset - r.range().rangeNanos() + 1,
                        query.endNanos() - offset + 1);
            }
            case SampleExpr.VectorAggregation v -> bytes(source, v.inner(), query);
            case SampleExpr.BinaryOperation b -> bytes(source, b.left(), query) + bytes(source, b.right(), query);
            case SampleExpr.LabelReplace l -> bytes(source, l.inner(), query);
            case SampleExpr.Literal l -> 0;
            case SampleExpr.Vector v -> 0;
        };
    }

    /** Checks selectors and windows; returns the longest window, 0 for a log query. */
    static long expression(List<Limits> limits, Expr expr) {
        return switch (expr) {
            case LogExpr log -> {
                matchers(limits, log);
                yield 0;
            }
            case SampleExpr sample -> window(limits, sample);
        };
    }

    private static long window(List<Limits> limits, SampleExpr expr) {
        return switch (expr) {
            case SampleExpr.RangeAggregation r -> {
                matchers(limits, r.range().log());
                for (Limits l : limits) {
                    long most = l.maxQueryRange().toNanos();
                    if (most > 0 && r.range().rangeNanos() > most) {
                        throw bad("the range of a range vector exceeds the limit (range: "
                                + DurationText.formatUnits(r.range().rangeNanos()) + ", limit: "
                                + DurationText.formatUnits(most) + ")");
                    }
                }
                yield r.range().rangeNanos();
            }
            case SampleExpr.VectorAggregation v -> window(limits, v.inner());
            case SampleExpr.BinaryOperation b -> Math.max(window(limits, b.left()), window(limits, b.right()));
            case SampleExpr.LabelReplace l -> window(limits, l.inner());
            case SampleExpr.Literal l -> 0;
            case SampleExpr.Vector v -> 0;
        };
    }

    /** Refuses the stages that look at all lines of the answer together where lines are taken one by one. */
    static void linesAlone(LogExpr log, String where) {
        Stage last = log.stages().isEmpty() ? null : log.stages().getLast();
        if (last instanceof Stage.Distinct || last instanceof Stage.Context) {
            throw bad((last instanceof Stage.Distinct ? "distinct" : "context") + " is not supported with " + where);
        }
    }

    private static void matchers(List<Limits> limits, LogExpr log) {
        int n = log.matchers().size();
        for (Limits l : limits) {
            if (n > l.maxStreamsMatchersPerQuery()) {
                throw bad("max streams matchers per query exceeded, matchers-count > limit (" + n + " > "
                        + l.maxStreamsMatchersPerQuery() + ")");
            }
        }
    }

    static RequestException bad(String message) {
        return new RequestException(ErrorCode.BAD_REQUEST, message);
    }
}
