/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.skald.core.model.TenantId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OverridesFileTest {
    private static final Duration NEVER = Duration.ofDays(1);

    @SuppressWarnings("NullAway.Init") // set by JUnit
    @TempDir
    Path dir;

    private SkaldConfig config(Path file) throws ConfigException {
        return SkaldConfig.parse(
                "limits: {max_line_size: 1KB}\noverrides: {old: {max_line_size: 2KB}}\noverrides_file: " + file, "c");
    }

    private static int of(TenantLimits limits, String tenant) {
        return limits.of(new TenantId(tenant)).maxLineSize();
    }

    @Test
    void takesWhatChangesAndKeepsWhatIsGood() throws Exception {
        Path file = dir.resolve("limits.yaml");
        Files.writeString(file, "overrides: {a: {max_line_size: 3KB}}\n");
        try (OverridesFile o = OverridesFile.open(config(file), NEVER)) {
            assertThat(of(o, "a")).isEqualTo(3 << 10);
            assertThat(of(o, "old")).isEqualTo(2 << 10);
            assertThat(of(o, "other")).isEqualTo(1 << 10);
            o.poll();
            assertThat(o.reloads()).isZero();

            Files.writeString(file, "limits: {max_line_size: 5KB}\noverrides: {a: {max_line_size: 40KB}}\n");
            o.poll();
            assertThat(of(o, "a")).isEqualTo(40 << 10);
            assertThat(of(o, "old")).isEqualTo(2 << 10);
            assertThat(of(o, "other")).isEqualTo(5 << 10);
            assertThat(o.reloads()).isEqualTo(1);

            Files.writeString(file, "overrides: {a: {max_line_sise: 4KB}}\n");
            o.poll();
            o.poll();
            assertThat(of(o, "a")).isEqualTo(40 << 10);
            assertThat(o.failures()).isEqualTo(1);
            assertThat(o.good()).isFalse();

            Files.delete(file);
            o.poll();
            Files.writeString(file, "overrides: {a: {max_line_size: 6KB}}\n");
            o.poll();
            assertThat(of(o, "a")).isEqualTo(6 << 10);
            assertThat(o.good()).isTrue();
        }
    }

    @Test
    void looksByItself() throws Exception {
        Path file = dir.resolve("limits.yaml");
        Files.writeString(file, "");
        try (OverridesFile o = OverridesFile.open(config(file), Duration.ofMillis(5))) {
            Files.writeString(file, "limits: {max_line_size: 7KB}\n");
            long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
            while (of(o, "x") != 7 << 10 && System.nanoTime() < deadline) {
                Thread.onSpinWait();
            }
            assertThat(of(o, "x")).isEqualTo(7 << 10);
        }
    }

    @Test
    void refusesToStartWithWhatIsWrong() throws Exception {
        Path file = dir.resolve("limits.yaml");
        assertThatThrownBy(() -> OverridesFile.open(config(file), NEVER)).isInstanceOf(java.io.IOException.class);
        Files.writeString(file, "tenants: {}\n");
        assertThatThrownBy(() -> OverridesFile.open(config(file), NEVER))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("unknown key 'tenants'");
    }

    @Test
    void needsNoFile() throws Exception {
        try (OverridesFile o = OverridesFile.open(SkaldConfig.DEFAULTS, NEVER)) {
            assertThat(o.of(TenantId.DEFAULT)).isEqualTo(Limits.DEFAULTS);
        }
    }
}
