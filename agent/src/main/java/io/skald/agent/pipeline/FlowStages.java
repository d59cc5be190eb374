/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import com.google.re2j.Pattern;
import io.prometheus.client.Counter;
import io.skald.agent.spool.FileState.Held;
import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.logql.pipeline.CompiledPipeline;
import io.skald.logql.pipeline.LinePipeline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Stages that decide which entries go on. */
final class FlowStages {
    private FlowStages() {}

    /** {@code drop}: what meets all conditions. */
    static final class Drop extends Stage.Simple {
        private final List<String> sources;
        private final String separator;
        private final @Nullable Pattern expression;
        private final @Nullable String value;
        private final @Nullable Duration olderThan;
        private final long longerThan;
        private final Counter.Child dropped;

        /** @param longerThan bytes; negative for no limit */
        Drop(
                List<String> sources,
                String separator,
                @Nullable Pattern expression,
                @Nullable String value,
                @Nullable Duration olderThan,
                long longerThan,
                Counter.Child dropped) {
            this.sources = List.copyOf(sources);
            this.separator = separator;
            this.expression = expression;
            this.value = value;
            this.olderThan = olderThan;
            this.longerThan = longerThan;
            this.dropped = dropped;
        }

        @Override
        boolean apply(LogEntry e) {
            if (meets(e)) {
                dropped.inc();
                return false;
            }
            return true;
        }

        private boolean meets(LogEntry e) {
            if (longerThan >= 0 && e.length() <= longerThan) {
                return false;
            }
            if (olderThan != null && e.timeNanos() >= e.readNanos() - olderThan.toNanos()) {
                return false;
            }
            if (sources.isEmpty()) {
                return (expression == null || expression.matcher(e.text()).find())
                        && (value == null || value.equals(e.text()));
            }
            List<String> parts = new ArrayList<>();
            for (String s : sources) {
                String v = Values.text(e.extracted(s));
                if (v != null) {
                    parts.add(v);
                }
            }
            if (expression == null && value == null) {
                return parts.size() == sources.size();
            }
            if (parts.isEmpty()) {
                return false;
            }
            String all = String.join(separator, parts);
            return (expression == null || expression.matcher(all).find()) && (value == null || value.equals(all));
        }
    }

    /** {@code sampling}: a share of the entries. */
    static final class Sampling extends Stage.Simple {
        private final double rate;
        private final RandomGenerator random;
        private final Counter.Child dropped;

        Sampling(double rate, RandomGenerator random, Counter.Child dropped) {
            this.rate = rate;
            this.random = random;
            this.dropped = dropped;
        }

        @Override
        boolean apply(LogEntry e) {
            if (random.nextDouble() < rate) {
                return true;
            }
            dropped.inc();
            return false;
        }
    }

    /**
     * {@code limit}: a token bucket, or one for each value of a label; beyond it entries are dropped, or the sources of the job pause. A source that
     * pauses is woken by a clock, so it may take what comes in a tenth of a second in advance and then waits for longer.
     */
    static final class Limit extends Stage.Simple {
        private static final double ADVANCE_SECONDS = 0.1;

        private final double rate;
        private final double burst;
        private final boolean drop;
        private final @Nullable String byLabel;
        private final int maxValues;
        private final Counter.Child dropped;
        private final Map<String, Bucket> buckets = new LinkedHashMap<>(16, 0.75f, true);
        private boolean paused;

        /** Tokens at a time. */
        private static final class Bucket {
            double tokens;
            long atNanos;
        }

        Limit(double rate, double burst, boolean drop, @Nullable String byLabel, int maxValues, Counter.Child dropped) {
            this.rate = rate;
            this.burst = burst;
            this.drop = drop;
            this.byLabel = byLabel;
            this.maxValues = maxValues;
            this.dropped = dropped;
        }

        @Override
        boolean apply(LogEntry e) {
            String key = "";
            if (byLabel != null) {
                String v = e.labels().get(byLabel);
                if (v == null) {
                    return true; // only what has the label is limited
                }
                key = v;
            }
            Bucket b = bucket(key);
            if (drop && b.tokens < 1) {
                dropped.inc();
                return false;
            }
            b.tokens--;
            return true;
        }

        private Bucket bucket(String key) {
            long now = System.nanoTime();
            Bucket b = buckets.get(key);
            if (b == null) {
                if (buckets.size() >= maxValues) {
                    buckets.remove(buckets.keySet().iterator().next());
                }
                b = new Bucket();
                b.tokens = burst;
                b.atNanos = now;
                buckets.put(key, b);
            }
            b.tokens = Math.min(burst, b.tokens + (now - b.atNanos) / 1e9 * rate);
            b.atNanos = now;
            return b;
        }

        @Override
        boolean mayPause() {
            return !drop;
        }

        @Override
        long pauseNanos() {
            if (drop) {
                return 0;
            }
            Bucket b = bucket("");
            // lines are safe where they are, and their source waits until what it took in advance is paid back
            paused = b.tokens < (paused ? 1 : 1 - Math.floor(rate * ADVANCE_SECONDS));
            return paused ? Math.max(1, (long) ((1 - b.tokens) / rate * 1e9)) : 0;
        }
    }

    /** {@code match}: stages for what a selector takes, or drops it. */
    static final class Match extends Stage {
        private final List<Matcher> matchers;
        private final CompiledPipeline filters;
        private final List<Stage> stages;
        private final Counter.@Nullable Child dropped;
        private final Map<Labels, LinePipeline> byLabels = new HashMap<>();

        /** @param dropped counts what is dropped; null if what matches is kept */
        Match(List<Matcher> matchers, CompiledPipeline filters, List<Stage> stages, Counter.@Nullable Child dropped) {
            this.matchers = matchers;
            this.filters = filters;
            this.stages = stages;
            this.dropped = dropped;
        }

        @Override
        Stage forSource() {
            return new Match(
                    matchers, filters, stages.stream().map(Stage::forSource).toList(), dropped);
        }

        @Override
        void process(LogEntry e, Sink next) {
            if (!matches(e)) {
                next.accept(e);
            } else if (dropped != null) {
                dropped.inc();
            } else {
                from(0, next).accept(e);
            }
        }

        private Sink from(int stage, Sink next) {
            Sink sink = next;
            for (int i = stages.size() - 1; i >= stage; i--) {
                Stage s = stages.get(i);
                Sink then = sink;
                sink = x -> s.process(x, then);
            }
            return sink;
        }

        private boolean matches(LogEntry e) {
            if (!Matcher.all(matchers, e.labels())) {
                return false;
            }
            if (byLabels.size() > 1000) {
                byLabels.clear();
            }
            LinePipeline p = byLabels.computeIfAbsent(e.labels(), filters::forStream);
            return p.process(e.timeNanos(), e.buffer(), e.offset(), e.length(), e.metadata());
        }

        @Override
        void flush(long nowNanos, boolean all, Sink next) {
            for (int i = 0; i < stages.size(); i++) {
                stages.get(i).flush(nowNanos, all, from(i + 1, next));
            }
        }

        @Override
        void detach() {
            stages.forEach(Stage::detach);
        }

        @Override
        void held(List<Held> to) {
            stages.forEach(s -> s.held(to));
        }

        @Override
        boolean holds() {
            return stages.stream().anyMatch(Stage::holds);
        }

        @Override
        boolean mayPause() {
            return stages.stream().anyMatch(Stage::mayPause);
        }

        @Override
        long pauseNanos() {
            return stages.stream().mapToLong(Stage::pauseNanos).max().orElse(0);
        }

        @Override
        long dueNanos() {
            return stages.stream().mapToLong(Stage::dueNanos).min().orElse(Long.MAX_VALUE);
        }
    }
}
