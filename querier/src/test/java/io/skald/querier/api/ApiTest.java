/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.Labels;
import io.skald.core.model.TenantId;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Requests and what they answer, endpoint by endpoint. Recorded answers are tested elsewhere; here is what they do not show. */
class ApiTest {
    private static final String LIMITS = """
            multi_tenant: true
            multi_tenant_queries: true
            limits: {max_query_length: 30d, volume_max_series: 3, max_entries_limit_per_query: 1000}
            overrides:
              off: {volume_enabled: false, patterns_enabled: false}
              few: {max_entries_limit_per_query: 1}
            """;

    private static final Map<String, String> T = Map.of("x-scope-orgid", "t");
    private static final Map<String, String> TWO = Map.of("x-scope-orgid", "t|u");

    private ApiFixture api;

    @BeforeEach
    void load() throws Exception {
        api = new ApiFixture(LIMITS);
        Labels web = Labels.of("app", "web", "pod", "1", "shard", "7", "id", "0b4a7c1e-7a5e-4a5b-9df0-35a3e8a1a6b1");
        Labels db = Labels.of("app", "db", "pod", "2");
        api.add(web, 10, "{\"user\":{\"id\":7},\"took\":\"1.5s\",\"app\":\"inner\"}", Labels.of("trace", "t1"));
        api.add(web, 70, "{\"user\":{\"id\":8},\"took\":\"2s\"}", Labels.of("trace", "t2"));
        api.add(db, 20, "rows=10 size=2KB ok=true", Labels.EMPTY);
        api.add(db, 3500, "rows=1.5 size=3KB ok=false", Labels.EMPTY);
    }

    @AfterEach
    void close() {
        api.close();
    }

    private String get(String path) throws Exception {
        return body(path, T);
    }

    private String body(String path, Map<String, String> headers) throws Exception {
        ApiFixture.Answer a = api.get(path, headers);
        assertThat(a.status()).as(a.body()).isEqualTo(200);
        return a.body();
    }

    @Test
    void volumesAreAddedUpByTheLabelsOfTheQuery() throws Exception {
        assertThat(get("/loki/api/v1/index/volume?query={app=~\".%2B\"}"))
                .isEqualTo("{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":["
                        + "{\"metric\":{\"app\":\"web\"},\"value\":[1800003600,\"74\"]},"
                        + "{\"metric\":{\"app\":\"db\"},\"value\":[1800003600,\"50\"]}]}}");
        assertThat(get("/loki/api/v1/index/volume?query={app=~\".%2B\"}&limit=1"))
                .contains("web")
                .doesNotContain("db");
        assertThat(get("/loki/api/v1/index/volume?query={}&aggregateBy=labels")).contains("{\"app\":\"\"}");
        // a stream without a target label has no volume
        assertThat(get("/loki/api/v1/index/volume?query={app=~\".%2B\"}&targetLabels=app,shard"))
                .contains("{\"app\":\"web\",\"shard\":\"7\"}")
                .doesNotContain("db");
        assertThat(body("/loki/api/v1/index/volume?query={}&targetLabels=app", TWO))
                .contains("\"148\"");
        assertThat(body("/loki/api/v1/index/volume?query={}", TWO)).doesNotContain("__tenant_id__");
        // four labels, but no answer has more than three volumes
        assertThat(get("/loki/api/v1/index/volume?query={}&aggregateBy=labels").split("metric", -1))
                .hasSize(4);
    }

    @Test
    void volumesOverTimeComeByStep() throws Exception {
        assertThat(get("/loki/api/v1/index/volume_range?query={app=\"web\"}&step=60"))
                .isEqualTo(
                        "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":["
                                + "{\"metric\":{\"app\":\"web\"},\"values\":[[1800000059.999,\"45\"],[1800000119.999,\"29\"]]}]}}");
        assertThat(get("/loki/api/v1/index/volume_range?query={app=\"none\"}&step=60"))
                .contains("\"resultType\":\"vector\",\"result\":[]");
        // the first step is what is left of it, the last ends with the range
        assertThat(get("/loki/api/v1/index/volume_range?query={app=\"web\"}&step=60&start=1800000030&end=1800000090"))
                .contains("[[1800000090,\"29\"]]");
    }

    @Test
    void labelsOfNumbersAndIdsAreNotOffered() throws Exception {
        assertThat(get("/loki/api/v1/detected_labels"))
                .isEqualTo(
                        "{\"detectedLabels\":[{\"label\":\"app\",\"cardinality\":2},{\"label\":\"pod\",\"cardinality\":2}]}");
        assertThat(get("/loki/api/v1/detected_labels?query={app=\"none\"}")).isEqualTo("{}");
        assertThat(body("/loki/api/v1/detected_labels?query={}", TWO)).doesNotContain("__tenant_id__");
    }

    @Test
    void fieldsComeFromLinesMetadataAndTheQuery() throws Exception {
        assertThat(get("/loki/api/v1/detected_fields?query={app=\"web\"}"))
                .isEqualTo("{\"fields\":["
                        + "{\"label\":\"trace\",\"type\":\"string\",\"cardinality\":2,\"parsers\":null},"
                        + "{\"label\":\"took\",\"type\":\"duration\",\"cardinality\":2,\"parsers\":[\"json\"],\"jsonPath\":[\"took\"]},"
                        + "{\"label\":\"user_id\",\"type\":\"int\",\"cardinality\":2,\"parsers\":[\"json\"],"
                        + "\"jsonPath\":[\"user\",\"id\"]},"
                        + "{\"label\":\"app_extracted\",\"type\":\"string\",\"cardinality\":1,\"parsers\":[\"json\"],"
                        + "\"jsonPath\":[\"app\"]}],\"limit\":1000}");
        // the oldest line decides over the type
        assertThat(get("/loki/api/v1/detected_fields?query={app=\"db\"}"))
                .contains(
                        "{\"label\":\"rows\",\"type\":\"int\",\"cardinality\":2,\"parsers\":[\"logfmt\"]}",
                        "\"size\",\"type\":\"bytes\"",
                        "\"ok\",\"type\":\"boolean\"");
        assertThat(get("/loki/api/v1/detected_fields?query={app=\"db\"}&line_limit=1"))
                .contains("\"rows\",\"type\":\"float\"");
        assertThat(get("/loki/api/v1/detected_fields?query={app=\"db\"}&field_limit=1"))
                .contains("\"limit\":1")
                .doesNotContain("size");
        assertThat(get("/loki/api/v1/detected_fields?query={app=\"db\"} | pattern `rows=<n> <_>`"))
                .contains("\"label\":\"n\"");
        assertThat(get("/loki/api/v1/detected_fields?query={app=\"db\"} | json"))
                .doesNotContain("__error__");
        assertThat(body("/loki/api/v1/detected_fields?query={app=\"db\"}", Map.of("x-scope-orgid", "few")))
                .contains("\"rows\",\"type\":\"float\",\"cardinality\":1");
        assertThat(get("/loki/api/v1/detected_fields?query={app=\"none\"}")).isEqualTo("{}");
    }

    @Test
    void fieldsHaveValues() throws Exception {
        assertThat(get("/loki/api/v1/detected_field/user_id/values?query={app=\"web\"}"))
                .isEqualTo("{\"values\":[\"8\",\"7\"],\"limit\":1000}");
        assertThat(get("/loki/api/v1/detected_field/trace/values?query={app=\"web\"}&limit=1"))
                .isEqualTo("{\"values\":[\"t2\"],\"limit\":1}");
        assertThat(get("/loki/api/v1/detected_field/nope/values?query={app=\"web\"}"))
                .isEqualTo("{}");
    }

    /** What came from where, what was kept, and what was waited for. */
    @Test
    void statisticsTellWhatWasRead() throws Exception {
        String filtered = "{app=~\".%2B\"} %7C= \"user\"";
        assertThat(get("/loki/api/v1/query_range?query=" + filtered))
                .contains("\"totalPostFilterLines\":2", "\"ingester\":{\"totalReached\":1,\"totalChunksMatched\":");
        assertThat(get("/loki/api/v1/query?query=count_over_time(" + filtered + "[1h])"))
                .contains("\"totalPostFilterLines\":2");
        api.flush(new TenantId("t"));
        assertThat(get("/loki/api/v1/query_range?query=" + filtered))
                .contains("\"totalPostFilterLines\":2")
                .containsPattern("\"querier\":\\{\"store\":\\{\"totalChunksRef\":2,\"totalChunksDownloaded\":[12],"
                        + "\"chunksDownloadTime\":[1-9]");
    }

    @Test
    void oneShardHoldsEverything() throws Exception {
        assertThat(get("/loki/api/v1/index/shards?query={app=\"web\"}&targetBytesPerShard=1KB"))
                .isEqualTo("{\"shards\":[{\"bounds\":{\"min\":0,\"max\":18446744073709551615},"
                        + "\"stats\":{\"streams\":1,\"chunks\":1,\"bytes\":74,\"entries\":2}}]}");
    }

    @Test
    void limitsAreToldToDrilldown() throws Exception {
        assertThat(get("/loki/api/v1/drilldown-limits"))
                .startsWith("{\"limits\":{\"discover_log_levels\":true,\"discover_service_name\":[\"service\",")
                .contains("\"max_query_length\":\"30d\"", "\"query_timeout\":\"1m\"", "\"volume_max_series\":3")
                .contains("\"pattern_ingester_enabled\":true,\"version\":\"3.");
        assertThat(body("/loki/api/v1/drilldown-limits", Map.of("x-scope-orgid", "off")))
                .contains("\"volume_enabled\":false", "\"pattern_ingester_enabled\":false");
    }

    @Test
    void metricQueriesOverTenantsKnowOnlyWhomToLeaveOut() throws Exception {
        String count = "/loki/api/v1/query?query=sum by (__tenant_id__) (count_over_time({app=\"web\",__tenant_id__";
        assertThat(body(count + "=\"t\"}[2h]))", TWO)).contains("\"result\":[]");
        assertThat(body(count + "!=\"t\"}[2h]))", TWO))
                .contains("{\"__tenant_id__\":\"u\"}")
                .doesNotContain("\"t\"");
        assertThat(body("/loki/api/v1/query_range?query={app=\"web\",__tenant_id__=\"t\"}", TWO))
                .contains("\"__tenant_id__\":\"t\"")
                .doesNotContain("\"u\"");
    }

    @Test
    void intervalsChooseAmongTheLinesOfTheLimit() throws Exception {
        String query = "/loki/api/v1/query_range?query={app=~\".%2B\"}&direction=forward&interval=30s&limit=";
        assertThat(get(query + "2"))
                .contains("1800000010000000000")
                .doesNotContain("1800000020000000000", "1800000070");
        assertThat(get(query + "3")).contains("1800000010000000000", "1800000070000000000");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/loki/api/v1/labels",
                "/loki/api/v1/label/app/values",
                "/loki/api/v1/series?match[]={app=\"web\"}",
                "/loki/api/v1/index/stats?query={app=\"web\"}",
                "/loki/api/v1/index/shards?query={app=\"web\"}",
                "/loki/api/v1/index/volume?query={app=\"web\"}",
                "/loki/api/v1/index/volume_range?query={app=\"web\"}&step=600",
                "/loki/api/v1/detected_labels",
                "/loki/api/v1/detected_fields?query={app=\"web\"}",
                "/loki/api/v1/detected_field/x/values?query={app=\"web\"}",
                "/loki/api/v1/patterns?query={app=\"web\"}",
                "/loki/api/v1/query?query=count_over_time({app=\"web\"}[1h])",
                "/loki/api/v1/query_range?query={app=\"web\"}",
            })
    void everyAnswerSaysThatAnIngesterIsMissing(String path) throws Exception {
        api.ingester.unreachable = true;
        assertThat(get(path))
                .contains("\"warnings\":[\"ingester a did not answer, its recent entries may be missing: a is down\"]");
    }
}
