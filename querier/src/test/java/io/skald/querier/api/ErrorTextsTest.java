/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every refusal names the place in the query, the parameter, or the limit. Paths are below {@code /loki/api/v1/}. */
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
                "patterns?query={a=\"b\"}&step=x|400|cannot parse \"x\" to a valid duration",
                "labels?start=x|400|could not parse 'start' parameter: strconv.ParseInt: parsing \"x\": invalid syntax",
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
            ApiFixture.Answer a = api.get("/loki/api/v1/" + path, Map.of("x-scope-orgid", tenant));
            assertThat(a.body()).contains(text);
            assertThat(a.status()).isEqualTo(status);
        }
    }
}
