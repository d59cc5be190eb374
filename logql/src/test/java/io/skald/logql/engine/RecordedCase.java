/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.core.config.Limits;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.scan.Direction;
import io.skald.core.scan.LogSource;
import io.skald.logql.ast.Expr;
import io.skald.logql.ast.LogExpr;
import io.skald.logql.conformance.Comparison;
import io.skald.logql.conformance.ErrorKinds;
import io.skald.logql.conformance.JsonTree;
import io.skald.logql.parser.Parser;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One recorded question and answer of the query endpoints, as far as it concerns the language: not the HTTP parameters. */
record RecordedCase(Map<?, ?> json) {
    private static final Pattern NUMBER = Pattern.compile("-?\\d+(\\.\\d+)?");

    private static final List<String> OTHER_PARAMETERS = List.of(
            "limit must",
            "strconv",
            "max entries limit",
            "time range exceeds",
            "maximum resolution",
            "resolution step",
            "invalid direction",
            "to a valid duration",
            "could not parse",
            "end timestamp");

    String id() {
        return text(json.get("id"));
    }

    String category() {
        return text(json.get("category"));
    }

    private static String text(@Nullable Object o) {
        return (String) Objects.requireNonNull(o);
    }

    private boolean instant() {
        return text(json.get("path")).endsWith("/query");
    }

    String tenant() {
        Map<?, ?> headers = (Map<?, ?>) json.get("headers");
        return headers != null && headers.get("X-Scope-OrgID") instanceof String s ? s : "";
    }

    private @Nullable String param(String name) {
        return json.get("params") instanceof Map<?, ?> p && p.get(name) instanceof String s ? s : null;
    }

    /** Whether the case needs nothing but the parser and the engine. */
    boolean applies(Map<String, ? extends LogSource> sources) {
        String path = text(json.get("path"));
        if (!path.equals("/loki/api/v1/query") && !path.equals("/loki/api/v1/query_range")
                || json.containsKey("before")
                || !sources.containsKey(tenant())
                || param("query") == null
                || param("interval") != null
                || param("since") != null) {
            return false;
        }
        String mode = json.get("compare") instanceof String s ? s : "";
        if (mode.equals("shape") || mode.equals("text") || mode.equals("ignore")) {
            return false;
        }
        if (json.get("expect_error") instanceof Map<?, ?> e) {
            // what is said of other parameters than the query is not said by the engine
            String t = text(e.get("text"));
            return !t.contains("not supported as an instant query type")
                    && OTHER_PARAMETERS.stream().noneMatch(t::contains);
        }
        return (instant() || param("start") != null && param("end") != null) && parameters() != null;
    }

    private record Parameters(long start, long end, long step, int limit, Direction direction) {}

    private @Nullable Parameters parameters() {
        try {
            String limit = param("limit");
            Direction direction =
                    "forward".equalsIgnoreCase(param("direction")) ? Direction.FORWARD : Direction.BACKWARD;
            int n = limit == null || limit.isEmpty() ? 100 : Integer.parseInt(limit);
            if (instant()) {
                long t = time(Objects.requireNonNullElse(param("time"), "0"));
                return new Parameters(t, t, 0, n, direction);
            }
            long start = time(Objects.requireNonNullElse(param("start"), "0"));
            long end = time(Objects.requireNonNullElse(param("end"), "0"));
            String step = param("step");
            long stepNanos = step == null || step.isEmpty()
                    ? Math.max(1, (end - start) / 1_000_000_000 / 250) * 1_000_000_000
                    : duration(step);
            return new Parameters(start, end, stepNanos, n, direction);
        } catch (NumberFormatException | DateTimeParseException e) {
            return null;
        }
    }

    private static long time(String s) {
        if (!NUMBER.matcher(s).matches()) {
            Instant i = java.time.OffsetDateTime.parse(s).toInstant();
            return i.getEpochSecond() * 1_000_000_000 + i.getNano();
        }
        if (s.contains(".")) {
            return Math.round(Double.parseDouble(s) * 1000) * 1_000_000;
        }
        long n = Long.parseLong(s);
        return s.length() <= 10 ? n * 1_000_000_000 : n;
    }

    private static long duration(String s) {
        if (NUMBER.matcher(s).matches()) {
            return (long) (Double.parseDouble(s) * 1e9);
        }
        java.util.regex.Matcher m = Pattern.compile("(\\d+)(ms|[smhdw])").matcher(s);
        long nanos = 0;
        int end = 0;
        while (m.find() && m.start() == end) {
            end = m.end();
            nanos += Long.parseLong(m.group(1))
                    * switch (m.group(2)) {
                        case "ms" -> 1_000_000L;
                        case "s" -> 1_000_000_000L;
                        case "m" -> 60_000_000_000L;
                        case "h" -> 3_600_000_000_000L;
                        case "d" -> 86_400_000_000_000L;
                        default -> 7 * 86_400_000_000_000L;
                    };
        }
        if (end != s.length()) {
            throw new NumberFormatException(s);
        }
        return nanos;
    }

    /** Null when the answer agrees, else what differs. */
    @Nullable
    String run(Engine engine, LogSource source, Limits limits) throws StoreException, InterruptedException {
        int status = 200;
        String message = "";
        QueryResult.Data data = null;
        try {
            Expr expr = Parser.parse(text(param("query")));
            Parameters p = Objects.requireNonNullElse(parameters(), new Parameters(0, 0, 0, 1, Direction.BACKWARD));
            if (expr instanceof LogExpr && instant()) {
                return "a log query must not be instant";
            }
            QueryRequest request = new QueryRequest(expr, p.start(), p.end(), p.step(), p.direction(), p.limit());
            data = engine.run(request, source, limits, () -> false).data();
        } catch (RequestException e) {
            status = e.code().httpStatus();
            message = e.getMessage();
        }
        int wanted = ((Double) Objects.requireNonNull(json.get("expect_status"))).intValue();
        if (status != wanted) {
            return "status: want " + wanted + " got " + status + " " + message;
        }
        if (json.get("expect_error") instanceof Map<?, ?> e) {
            String kind = text(e.get("class"));
            return kind.equals("other") || kind.equals(ErrorKinds.of(message))
                    ? null
                    : "error: want " + kind + " (" + e.get("text") + ") got " + message;
        }
        Map<?, ?> body = (Map<?, ?>) Objects.requireNonNull(json.get("expect_body"));
        Map<?, ?> expected = (Map<?, ?>) Objects.requireNonNull(body.get("data"));
        return new Comparison(JsonTree.object(json))
                .data(
                        JsonTree.object(expected),
                        AnswerTree.of(Objects.requireNonNull(data), expected.get("encodingFlags")));
    }
}
