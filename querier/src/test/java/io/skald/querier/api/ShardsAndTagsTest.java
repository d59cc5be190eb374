/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.Labels;
import io.skald.core.scan.LogSource.StreamStats;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShardsAndTagsTest {
    @Test
    void shardsCoverAllStreamsOnce() {
        List<StreamStats> streams = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            streams.add(new StreamStats(Labels.of("app", "a" + i), 1, 10, 1000));
        }
        for (long target : new long[] {-1, 0, 1, 1000, 60_000, 300_000, 1 << 30}) {
            List<Shards.Shard> shards = Shards.of(streams, target);
            int expected = target <= 0 || target >= 300_000 ? 1 : target == 60_000 ? 8 : 512;
            assertThat(shards).hasSize(expected);
            long next = 0;
            int found = 0;
            for (Shards.Shard s : shards) {
                assertThat(s.min()).isEqualTo(next);
                next = s.max() + 1;
                found += s.streams().size();
                assertThat(s.streams())
                        .allMatch(t -> Long.compareUnsigned(t.labels().fingerprint(), s.min()) >= 0
                                && Long.compareUnsigned(t.labels().fingerprint(), s.max()) <= 0);
            }
            assertThat(next)
                    .as("the end of the last shard is the end of all fingerprints")
                    .isZero();
            assertThat(found).isEqualTo(300);
        }
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            delimiter = '|',
            value = {
                "Source=grafana,Dashboard=My board-1 | Source=grafana,Dashboard=My board-1",
                "a=\"b\u001b[31m\"; drop | a=b31m drop",
                "'\"<>' | -"
            })
    void tagsAreMadeSafeForALog(String header, String expected) {
        assertThat(QueryTags.safe(header)).isEqualTo(expected);
        assertThat(QueryTags.safe("x".repeat(5000))).hasSize(1024);
    }

    @Test
    void tagsAreLoggedWithTheQuery() throws Exception {
        Logger logger = Logger.getLogger(QueryServices.class.getName());
        List<String> messages = new ArrayList<>();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord r) {
                messages.add(r.getMessage());
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Level before = logger.getLevel();
        logger.setLevel(Level.FINE);
        logger.addHandler(handler);
        try (ApiFixture api = new ApiFixture("limits: {}")) {
            api.get("/loki/api/v1/query?query=vector(1)", Map.of("x-query-tags", "Source=grafana;Dashboard=<b>"));
        } finally {
            logger.removeHandler(handler);
            logger.setLevel(before);
        }
        assertThat(messages).singleElement().asString().contains(" (Source=grafanaDashboard=b): vector(1)");
    }
}
