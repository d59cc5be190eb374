/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.skald.core.http.HttpRequest;
import io.skald.core.http.Router;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.Labels;
import io.skald.core.model.RequestException;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every refusal names the place in the query, the parameter, or the limit. Paths are below {@code /loki/api/v1/} unless they begin with a slash. */
class ErrorTextsTest {
    private static final String CONFIG = """
            multi_tenant: true
            multi_tenant_queries: true
            overrides:
              strict:
                max_query_length: 2h
                max_query_range: 1h
                max_query_series: 1
                max_query_lookback: 1d
                max_entries_limit_per_query: 50
                max_streams_matchers_per_query: 1
                volume_enabled: false
                patterns_enabled: false
            """;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // positions
                "query_range?query={a=|400|parse error at line 1, col 4: syntax error: unexpected $end, expecting STRING",
                "query?query=sum(|400|parse error at line 1, col 5: syntax error: unexpected $end",
                "query_range?query={}|400|at least one regexp or equality matcher",
                "series?match[]={a=\"b\"} != \"x\"|400|only label matchers are supported",
                "index/stats?query={a=\"b\"} %7C~ \"x\"|400|only label matchers are supported",
                "index/volume?query=|400|parse error : syntax error: unexpected $end",
                "detected_fields?query=rate({a=\"b\"}[1m])|400|only log selector is supported",
                "patterns?query={a=|400|parse error at line 1, col 4",
                "format_query?query={a|400|parse error at line 1, col 3",
                // parameters
                "query?query={a=\"b\"}|400|log queries are not supported as an instant query type, please change your query to a range query type",
                "query?query=vector(1)&time=x|400|strconv.ParseInt: parsing \"x\": invalid syntax",
                "query_range?query={a=\"b\"}&start=x|400|could not parse 'start' parameter: strconv.ParseInt: parsing \"x\": invalid syntax",
                "query_range?query={a=\"b\"}&end=x|400|could not parse 'end' parameter: strconv.ParseInt: parsing \"x\": invalid syntax",
                "query_range?query={a=\"b\"}&since=x|400|could not parse 'since' parameter: not a valid duration string: \"x\"",
                "query_range?query={a=\"b\"}&start=2&end=1|400|end timestamp must not be before or equal to start time",
                "query_range?query={a=\"b\"}&limit=x|400|strconv.Atoi: parsing \"x\": invalid syntax",
                "query_range?query={a=\"b\"}&limit=0|400|limit must be a positive value",
                "query_range?query={a=\"b\"}&direction=up|400|invalid direction 'up'",
                "query_range?query={a=\"b\"}&step=0|400|zero or negative query resolution step widths are not accepted. Try a positive integer",
                "query_range?query={a=\"b\"}&step=x|400|cannot parse \"x\" to a valid duration",
                "query_range?query={a=\"b\"}&interval=x|400|cannot parse \"x\" to a valid duration",
                "query_range?query=rate({a=\"b\"}[1m])&step=0.1|400|exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter",
                "index/volume?query={a=\"b\"}&aggregateBy=x|400|invalid aggregation option",
                "index/volume?query={a=\"b\"}&limit=-1|400|limit must be a positive value",
                "index/volume_range?query={a=\"b\"}&step=0.1|400|exceeded maximum resolution of 11,000 points",
                "index/shards?query={a=\"b\"}&targetBytesPerShard=x|400|could not parse 'targetBytesPerShard' parameter: \"x\" is not a size",
                "detected_fields?query={a=\"b\"}&limit=0|400|limit must be a positive value",
                "detected_fields?query={a=\"b\"}&line_limit=0|400|line_limit must be a positive value",
                "detected_fields?query={a=\"b\"}&line_limit=x|400|strconv.Atoi: parsing \"x\": invalid syntax",
                "detected_fields?query={a=\"b\"}&step=x|400|cannot parse \"x\" to a valid duration",
                "detected_fields?query={a=\"b\"}&step=0.1|400|exceeded maximum resolution of 11,000 points",
                "patterns?query={a=\"b\"}&step=x|400|cannot parse \"x\" to a valid duration",
                "labels?start=x|400|could not parse 'start' parameter: strconv.ParseInt: parsing \"x\": invalid syntax",
                // what Loki does not have
                "query_range?query={a=\"b\"} %7C distinct a|400|parse error at line 1, col 20: syntax error: unexpected IDENTIFIER",
                "query_range?query={a=\"b\"}&extensions=x|400|extensions must be true or false, not 'x'",
                "query_range?query={a=\"b\"}&distinct=1a|400|invalid label name in distinct: '1a'",
                "query_range?query={a=\"b\"}&distinct=a&context_before=1|400|distinct does not go together with context_before and context_after",
                "query_range?query={a=\"b\"}&context_before=1001|400|context_before must be 0 to 1000, not 1001",
                "query_range?query={a=\"b\"}&context_after=x|400|strconv.Atoi: parsing \"x\": invalid syntax",
                "query_range?query=rate({a=\"b\"}[1m])&distinct=a|400|distinct, context_before and context_after are for log queries",
                "query_range?query={a=\"b\"}&distinct=a&interval=5|400|distinct is not supported with interval",
                "query_range?query={a=\"b\"}&explain=x|400|explain must be plan or analyze, not 'x'",
                "query_range?query={a=\"b\"}&partial=x|400|partial must be true or false, not 'x'",
                "query_range?query={a=\"b\"}&cursor=x|400|cursor is for queries with partial=true",
                "query_range?query={a=\"b\"}&partial=true&cursor=x|400|invalid cursor 'x'",
                "query_range?query={a=\"b\"}&partial=true&cursor=dCAx|400|the cursor belongs to a query of another kind",
                "/skald/api/v1/export?query={a=\"b\"}&format=x|400|format must be ndjson or raw, not 'x'",
                "/skald/api/v1/export?query=rate({a=\"b\"}[1m])|400|only log queries can be exported",
                "/skald/api/v1/export?query={a=\"b\"} %7C distinct a|400|distinct is not supported with an export",
                "/skald/api/v1/export?query={a=\"b\"}&cursor=1.2|400|invalid cursor '1.2'",
                "/skald/api/v1/export?query={a=\"b\"}&cursor=1.zz.3|400|invalid cursor '1.zz.3'",
            })
    void requests(String path, int status, String text) throws Exception {
        check(path, "t", status, text);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "query_range?query={a=\"b\"}&limit=51|400|max entries limit per query exceeded, limit > max_entries_limit_per_query (51 > 50)",
                "query_range?query={a=\"b\"}&limit=5&since=3h|400|the query time range exceeds the limit (query length: 3h0m0s, limit: 2h)",
                "query_range?query={a=\"b\"}&limit=5&end=10&start=1|400|this data is no longer available, it is past now - max_query_lookback (1d)",
                "query_range?query={a=\"b\",c=\"d\"}|400|max streams matchers per query exceeded, matchers-count > limit (2 > 1)",
                "query?query=rate({a=\"b\"}[90m])|400|the range of a range vector exceeds the limit (range: 1h30m, limit: 1h)",
                "labels?since=3h|400|the query time range exceeds the limit (query length: 3h0m0s, limit: 2h)",
                "detected_fields?query={a=\"b\"}&since=3h|400|the query time range exceeds the limit (query length: 3h0m0s, limit: 2h)",
                "index/volume?query={a=\"b\"}|404|not found: volumes are turned off for this tenant (volume_enabled)",
                "patterns?query={a=\"b\"}|404|not found: patterns are turned off for this tenant (patterns_enabled)",
            })
    void limits(String path, int status, String text) throws Exception {
        check(path, "strict", status, text);
    }

    /** Sizes are looked up before anything is read; each selector of a query counts. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "query_range?query={app=\"web\"}|200|1500B",
                "query_range?query={app=\"web\"}|400|999B",
                "query?query=count_over_time({app=\"web\"}[1h])|400|999B",
                "query?query=count_over_time({app=\"web\"}[1h] offset 2h)|200|999B",
                "query?query=rate({app=\"web\"}[1h]) %2B rate({app=\"web\"}[1h])|400|1500B",
                "query?query=rate({app=\"none\"}[1h])|200|999B",
            })
    void bytesRead(String path, int status, String limit) throws Exception {
        try (ApiFixture api = new ApiFixture("limits: {max_query_bytes_read: " + limit + "}")) {
            api.add(Labels.of("app", "web"), 10, "x".repeat(1000), Labels.EMPTY);
            ApiFixture.Answer a = api.get("/loki/api/v1/" + path);
            assertThat(a.status()).as(a.body()).isEqualTo(status);
            if (status == 400) {
                assertThat(a.body())
                        .matches("the query would read too many bytes \\(query: [12].0kB, limit: (999B|1.5kB)\\);"
                                + " consider adding more specific stream selectors or reduce the time range of the"
                                + " query \\(max_query_bytes_read\\)");
            }
        }
    }

    @Test
    void bytesReadByAnExport() throws Exception {
        try (ApiFixture api = new ApiFixture("limits: {max_query_bytes_read: 1500B}")) {
            String export = "/skald/api/v1/export?format=raw&query={app=\"web\"}";
            api.add(Labels.of("app", "web"), 10, "x".repeat(1000), Labels.EMPTY);
            assertThat(api.get(export).status()).isEqualTo(200);
            api.add(Labels.of("app", "web"), 20, "y".repeat(1000), Labels.EMPTY);
            assertThat(api.get(export).body()).startsWith("the query would read too many bytes (query: 2.0kB");
        }
    }

    /** One query runs, one waits, the third is refused at once; when the first ends, its place goes to the one that waits. */
    @Test
    void queriesWaitForAPlace() throws Exception {
        String config = "{querier: {max_concurrent: 1, max_outstanding_requests_per_tenant: 1}}";
        try (ApiFixture api = new ApiFixture(config)) {
            api.scheduler.enter("fake", 0, () -> false);
            String query = "/loki/api/v1/query_range?query={app=\"web\"}";
            CompletableFuture<ApiFixture.Answer> second = new CompletableFuture<>();
            Thread.ofVirtual().start(() -> {
                try {
                    second.complete(api.get(query));
                } catch (Exception e) {
                    second.completeExceptionally(e);
                }
            });
            while (!Double.valueOf(1).equals(api.registry.getSampleValue("skald_querier_queries_waiting"))) {
                Thread.onSpinWait();
            }
            ApiFixture.Answer third = api.get(query);
            assertThat(third.status()).isEqualTo(429);
            assertThat(third.body())
                    .isEqualTo("too many outstanding requests: 1 queries of the tenant wait, limit 1"
                            + " (querier.max_outstanding_requests_per_tenant)");
            assertThat(second).isNotDone();
            api.scheduler.leave("fake");
            assertThat(second.get().status()).isEqualTo(200);
        }
    }

    /** A client that hangs up leaves the queue, and the query that it asked ends. */
    @Test
    void whoHangsUpWaitsNoLonger() throws Exception {
        try (ApiFixture api = new ApiFixture("{querier: {max_concurrent: 1}}")) {
            api.scheduler.enter("other", 0, () -> false);
            HttpRequest request =
                    ApiFixture.request("/loki/api/v1/query_range?query={app=\"web\"}", Map.of(), () -> true);
            Router.Handler handler = Objects.requireNonNull(api.handlers.get("/loki/api/v1/query_range"));
            assertThatThrownBy(() -> handler.handle(request))
                    .isInstanceOfSatisfying(
                            RequestException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CLIENT_CLOSED));
            api.scheduler.leave("other");
            assertThatThrownBy(() -> handler.handle(request))
                    .isInstanceOfSatisfying(
                            RequestException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CLIENT_CLOSED));
            assertThat(api.get("/loki/api/v1/query_range?query={app=\"web\"}").status())
                    .isEqualTo(200);
        }
    }

    @Test
    void queriesHaveATime() throws Exception {
        try (ApiFixture api = new ApiFixture("{querier: {max_concurrent: 1}, limits: {query_timeout: 1s}}")) {
            api.scheduler.enter("other", 0, () -> false);
            ApiFixture.Answer a = api.get("/loki/api/v1/query_range?query={app=\"web\"}");
            assertThat(a.body()).isEqualTo("query timed out after 1s (query_timeout)");
            assertThat(a.status()).isEqualTo(504);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '!',
            value = {
                "''!401!no org id",
                "a b!400!tenant ID 'a b' contains unsupported character ' '",
                "|!401!no org id",
            })
    void tenants(String tenant, int status, String text) throws Exception {
        check("labels", tenant, status, text);
        check("index/volume?query={a=\"b\"}", tenant, status, text);
        check("detected_labels", tenant, status, text);
        check("patterns?query={a=\"b\"}", tenant, status, text);
    }

    private static void check(String path, String tenant, int status, String text) throws Exception {
        try (ApiFixture api = new ApiFixture(CONFIG)) {
            ApiFixture.Answer a =
                    api.get(path.startsWith("/") ? path : "/loki/api/v1/" + path, Map.of("x-scope-orgid", tenant));
            assertThat(a.body()).contains(text);
            assertThat(a.status()).isEqualTo(status);
        }
    }
}
