/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.skald.core.model.TenantId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SkaldConfigTest {
    private static String resource(String name) throws IOException {
        try (var in = SkaldConfigTest.class.getResourceAsStream(name)) {
            assertThat(in).as(name).isNotNull();
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** A change of a default changes this file too, so that it is seen. */
    @Test
    void defaultsArePinned() throws Exception {
        assertThat(SkaldConfig.DEFAULTS.toYaml()).isEqualTo(resource("defaults.yaml"));
    }

    /** Every key set to something else than its default. */
    @Test
    void everyKeyIsRead() throws Exception {
        SkaldConfig all = SkaldConfig.parse(resource("all-keys.yaml"), "all-keys.yaml");
        assertThat(all.toYaml()).isEqualTo(resource("all-keys.yaml"));
        assertDiffers(all, SkaldConfig.DEFAULTS, "");
        assertThat(all.tenantLimits().of(new TenantId("strict")).maxLineSize()).isEqualTo(256);
        assertThat(all.tenantLimits().of(new TenantId("strict")).maxQuerySeries())
                .isEqualTo(77);
        assertThat(all.tenantLimits().of(new TenantId("other")).maxLineSize()).isEqualTo(1 << 20);
    }

    private static void assertDiffers(Record a, Record b, String path) {
        for (Schema.Key key : Schema.keys(a.getClass())) {
            if (key.kind() == Schema.Kind.SECTION) {
                assertDiffers((Record) key.of(a), (Record) key.of(b), path + key.name() + ".");
            } else {
                assertThat(key.of(a)).as(path + key.name()).isNotEqualTo(key.of(b));
            }
        }
    }

    @Test
    void emptyFilesGiveDefaults() throws Exception {
        assertThat(SkaldConfig.parse("", "f")).isEqualTo(SkaldConfig.DEFAULTS);
        assertThat(SkaldConfig.parse("# nothing\n", "f")).isEqualTo(SkaldConfig.DEFAULTS);
        assertThat(SkaldConfig.parse("http:\nlimits:\noverrides:\n", "f")).isEqualTo(SkaldConfig.DEFAULTS);
    }

    @Test
    void overridesBuildOnTheFilesLimitsWhereverTheyStand() throws Exception {
        SkaldConfig c = SkaldConfig.parse(
                "overrides: {a: {max_line_size: 1KB}}\nlimits: {max_query_series: 7}\nmulti_tenant: true\n", "f");
        Limits a = c.tenantLimits().of(new TenantId("a"));
        assertThat(a.maxLineSize()).isEqualTo(1024);
        assertThat(a.maxQuerySeries()).isEqualTo(7);
    }

    static List<Arguments> problems() {
        return List.of(
                Arguments.of("htp: {}", "f:1:1: unknown key 'htp'; did you mean 'http'?"),
                Arguments.of(
                        "limits:\n  max_line_sise: 1KB\n",
                        "f:2:3: unknown key 'max_line_sise' in limits; did you mean 'max_line_size'?"),
                Arguments.of(
                        "limits:\n  max-line-size: 1KBB\n",
                        "f:2:3: unknown key 'max-line-size' in limits; did you mean 'max_line_size'?"),
                Arguments.of(
                        "flush:\n  zzzzzzzz: 1",
                        "f:2:3: unknown key 'zzzzzzzz' in flush; valid keys: max_wal_bytes, max_age, mine_patterns"),
                Arguments.of(
                        "limits: {max_line_size: 12 parsecs}",
                        "f:1:25: limits.max_line_size: '12 parsecs' is not a size (write it as 256KB, 64MB or 1GB)"),
                Arguments.of(
                        "limits: {max_line_size: 3GB}",
                        "f:1:25: limits.max_line_size: 3GB is too large, the most is 64MB"),
                Arguments.of(
                        "limits: {max_query_series: 99999999999}",
                        "f:1:28: limits.max_query_series: 99999999999 is too large, the most is 2147483647"),
                Arguments.of(
                        "limits: {max_query_series: many}",
                        "f:1:28: limits.max_query_series: 'many' is not a whole number"),
                Arguments.of(
                        "limits: {query_timeout: 5}",
                        "f:1:25: limits.query_timeout: '5' is not a duration (write it as 15m, 7d or 1h30m)"),
                Arguments.of(
                        "limits: {query_timeout: 5ms}",
                        "f:1:25: limits.query_timeout: 5ms is too small, the least is 1s"),
                Arguments.of(
                        "wal: {segment_size: 1KB}", "f:1:21: wal.segment_size: 1KB is too small, the least is 1MB"),
                Arguments.of("wal: {sync: sometimes}", "f:1:13: wal.sync: 'sometimes' is not one of always, interval"),
                Arguments.of("multi_tenant: yes", "f:1:15: multi_tenant: 'yes' is not true or false"),
                Arguments.of("multi_tenant:", "f:1:14: multi_tenant needs a value: true or false"),
                Arguments.of("tail: /var/log/*", "f:1:7: tail must be a list, like [a, b]"),
                Arguments.of("tail: [[a]]", "f:1:8: tail: an item of the list must be text"),
                Arguments.of("http: [1]", "f:1:7: http must be a section of keys and values"),
                Arguments.of("- a", "f:1:1: the file must be a section of keys and values"),
                Arguments.of("http: {listen: 3100}", "f:1:16: http.listen: '3100' is not HOST:PORT"),
                Arguments.of("http: {listen: 'a:99999'}", "f:1:16: http.listen: port 99999 is not within 0 to 65535"),
                Arguments.of("http: {}\nhttp: {}", "f:2:1: http is given twice"),
                Arguments.of(
                        "overrides: {'a/b': {}}",
                        "f:1:13: overrides: tenant ID 'a/b' contains unsupported character '/'"),
                Arguments.of(
                        "overrides: {a: {max_line: 1}}",
                        "f:1:17: unknown key 'max_line' in overrides.a; did you mean 'max_line_size'?"),
                Arguments.of("tail_tenant: team-a", "f:1:1: tail_tenant needs multi_tenant: true"),
                Arguments.of("multi_tenant_queries: true", "f:1:1: multi_tenant_queries needs multi_tenant: true"),
                Arguments.of(
                        "storage: {index: dynamodb}",
                        "f:1:10: storage: index: dynamodb needs segments: s3, as other processes read the segments, too"),
                Arguments.of("storage: {segments: s3}", "f:1:10: storage: segments: s3 needs s3.bucket"),
                Arguments.of(
                        "storage:\n  index: dynamo", "f:2:10: storage.index: 'dynamo' is not one of rocksdb, dynamodb"),
                Arguments.of(
                        "storage:\n  s3:\n    bukket: a",
                        "f:3:5: unknown key 'bukket' in storage.s3; did you mean 'bucket'?"),
                Arguments.of(
                        "storage: {s3: {endpoint: 'localhost:9000'}}",
                        "f:1:15: storage.s3: endpoint 'localhost:9000' must be like https://host:port"),
                Arguments.of("storage: {s3: {kms_key: k}}", "f:1:15: storage.s3: kms_key needs encryption: sse-kms"),
                Arguments.of("a: b: c", "f:1:5: not YAML: mapping values are not allowed here"),
                Arguments.of("a: {", "f:1:5: not YAML: expected the node content, but found '<stream end>'"));
    }

    @ParameterizedTest
    @MethodSource("problems")
    void saysWhatIsWrongAndWhere(String yaml, String problem) {
        assertThatThrownBy(() -> SkaldConfig.parse(yaml, "f"))
                .isInstanceOf(ConfigException.class)
                .hasMessage(problem);
    }

    @Test
    void reportsEveryProblemAtOnce() {
        ConfigException e = catchThrowableOfType(
                ConfigException.class, () -> SkaldConfig.parse("a: 1\nhttp: {listen: x}\nlimits: {b: 2}\n", "f"));
        assertThat(e.problems()).hasSize(3);
    }

    /** The reference in docs/configuration.md is this text; {@code -Dskald.docs.write=true} writes it there. */
    @Test
    void referenceIsDocumented() throws IOException {
        Path page = Path.of("..", "docs", "configuration.md");
        String begin = "<!-- reference: begin (generated by SkaldConfigTest) -->\n";
        String end = "<!-- reference: end -->\n";
        String text = Files.readString(page);
        int from = text.indexOf(begin) + begin.length();
        int to = text.indexOf(end);
        assertThat(to).as("markers in " + page).isGreaterThanOrEqualTo(from);
        String wanted = text.substring(0, from) + "\n" + SkaldConfig.reference() + "\n" + text.substring(to);
        if (Boolean.getBoolean("skald.docs.write")) {
            Files.writeString(page, wanted);
        }
        assertThat(Files.readString(page))
                .as("run this test with -Dskald.docs.write=true")
                .isEqualTo(wanted);
    }
}
