/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.EntryIdentity;
import io.skald.core.scan.LogSource;
import io.skald.core.scan.Requirement;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.StreamScan;
import io.skald.querier.source.FakeIngester.Entry;
import io.skald.storage.index.CommitLog;
import io.skald.storage.memory.MemoryIndexStore;
import io.skald.storage.memory.MemorySegmentStore;
import io.skald.storage.segment.SegmentReaders;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExactSourceTest {
    private static final TenantId TENANT = new TenantId("t");
    private static final Matcher ALL = new Matcher("app", Matcher.Op.REGEX, ".+");

    private final MemorySegmentStore objects = new MemorySegmentStore();
    private final CommitLog log = new CommitLog(new MemoryIndexStore());
    private final FakeIngester a = new FakeIngester("a");
    private final FakeIngester b = new FakeIngester("b");
    private final List<FakeIngester> ingesters = List.of(a, b);
    private final ExactSource source =
            new ExactSource(TENANT, log, new SegmentReaders(objects), () -> List.copyOf(ingesters));

    private void flush(FakeIngester from) throws StoreException {
        from.flush(TENANT, log, objects);
    }

    private static List<Entry> read(Scan scan) throws StoreException {
        List<Entry> found = new ArrayList<>();
        for (StreamScan s : scan.streams()) {
            try (EntryCursor c = s.open()) {
                while (c.next()) {
                    assertThat(c.timestampNanos()).isBetween(s.minNanos(), s.maxNanos());
                    found.add(new Entry(
                            s.labels(),
                            c.timestampNanos(),
                            new String(c.buffer(), c.offset(), c.length(), StandardCharsets.UTF_8),
                            c.metadata()));
                }
            }
        }
        return found;
    }

    private static ScanRequest request(
            long start, long end, Direction d, ScanRequest.Columns columns, String... literals) {
        List<Requirement> l = new ArrayList<>();
        for (String s : literals) {
            l.add(Requirement.text(s.getBytes(StandardCharsets.UTF_8)));
        }
        return new ScanRequest(List.of(ALL), start, end, d, columns, l);
    }

    private List<Entry> readAll() throws StoreException {
        try (Scan scan =
                source.open(request(Long.MIN_VALUE, Long.MAX_VALUE, Direction.FORWARD, ScanRequest.Columns.ALL))) {
            return read(scan);
        }
    }

    /** The same by brute force: a set of entries sorted by labels, time and arrival. */
    private static List<Entry> model(List<Entry> pushed, long start, long end, Direction d, String literal) {
        Map<Labels, List<Entry>> streams = new TreeMap<>();
        for (Entry e : pushed) {
            if (e.time() >= start && e.time() < end && e.line().contains(literal)) {
                streams.computeIfAbsent(e.labels(), l -> new ArrayList<>()).add(e);
            }
        }
        List<Entry> all = new ArrayList<>();
        for (List<Entry> s : streams.values()) {
            Set<Object> seen = new HashSet<>();
            s.removeIf(e -> !seen.add(List.of(e.time(), e.line(), EntryIdentity.pushed(e.metadata()))));
            s.sort(Comparator.comparingLong(Entry::time));
            if (d == Direction.BACKWARD) {
                Collections.reverse(s);
            }
            all.addAll(s);
        }
        return all;
    }

    private static Entry random(Random random, long base) {
        Labels labels = Labels.of("app", "a" + random.nextInt(4), "pod", "p" + random.nextInt(2));
        String line = (random.nextInt(10) == 0 ? "needle " : "") + "line " + random.nextInt(6)
                + "x".repeat(random.nextInt(200) == 0 ? 40_000 : random.nextInt(30));
        Labels metadata = switch (random.nextInt(4)) {
            case 0 -> Labels.of("trace", "t" + random.nextInt(3));
            case 1 -> Labels.of("trace", "t" + random.nextInt(3), "detected_level", "info");
            case 2 -> Labels.of("detected_level", random.nextBoolean() ? "info" : "warn");
            default -> Labels.EMPTY;
        };
        return new Entry(labels, base + random.nextInt(400) * 1_000_000L, line, metadata);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void splitOverHeadsAndSegmentsItReadsLikeASet(long seed) throws StoreException {
        Random random = new Random(seed);
        long base = 20_000L * 86_400_000_000_000L - 200 * 1_000_000L; // crosses a UTC day
        List<Entry> stored = new ArrayList<>();
        List<List<Entry>> held = List.of(new ArrayList<>(), new ArrayList<>());
        List<Entry> recentPushes = new ArrayList<>();
        for (int i = 0; i < 3000; i++) {
            int to = random.nextInt(2);
            FakeIngester ingester = ingesters.get(to);
            Entry e = i > 0 && random.nextInt(5) == 0
                    ? ingesters.get(random.nextInt(2)).entries.stream()
                            .skip(0)
                            .reduce((x, y) -> y)
                            .orElse(random(random, base))
                    : random(random, base);
            ingester.entries.add(e);
            held.get(to).add(e);
            if (random.nextInt(400) == 0) {
                flush(ingester);
                stored.addAll(held.get(to));
                held.get(to).clear();
            }
        }
        // arrival: stored before held, held by ingester
        recentPushes.addAll(stored);
        recentPushes.addAll(held.get(0));
        recentPushes.addAll(held.get(1));
        for (int q = 0; q < 15; q++) {
            long start = base + (random.nextInt(500) - 50) * 1_000_000L;
            long end = start + random.nextInt(400) * 1_000_000L;
            Direction d = random.nextBoolean() ? Direction.FORWARD : Direction.BACKWARD;
            boolean literal = random.nextBoolean();
            ScanRequest r = literal
                    ? request(start, end, d, ScanRequest.Columns.ALL, "needle", "l")
                    : request(start, end, d, ScanRequest.Columns.ALL);
            try (Scan scan = source.open(r)) {
                List<Entry> found = new ArrayList<>(read(scan));
                found.removeIf(e -> literal && !e.line().contains("needle"));
                // an equal entry that differs in what an ingester added may be either of the two
                assertThat(plain(found))
                        .as("seed %d, query %d", seed, q)
                        .isEqualTo(plain(model(recentPushes, start, end, d, literal ? "needle" : "")));
                assertThat(scan.warnings()).isEmpty();
            }
            ScanRequest timesOnly = request(start, end, d, new ScanRequest.Columns(false, false, false));
            try (Scan scan = source.open(timesOnly)) {
                assertThat(read(scan).stream().map(Entry::time).toList())
                        .as("times, seed %d, query %d", seed, q)
                        .isEqualTo(model(recentPushes, start, end, d, "").stream()
                                .map(Entry::time)
                                .toList());
            }
        }
    }

    private static List<Entry> plain(List<Entry> entries) {
        return entries.stream()
                .map(e -> new Entry(e.labels(), e.time(), e.line(), EntryIdentity.pushed(e.metadata())))
                .toList();
    }

    private static Entry entry(long time, String line) {
        return new Entry(Labels.of("app", "web"), time, line, Labels.EMPTY);
    }

    @Test
    void aStaleIngesterRestartsTheReadAtANewerVersion() throws StoreException {
        a.entries.add(entry(1, "one"));
        a.beforeOpen = () -> {
            a.beforeOpen = () -> {};
            try {
                flush(a);
            } catch (StoreException e) {
                throw new IllegalStateException(e);
            }
            a.firstHeld = 1;
        };
        assertThat(readAll()).containsExactly(entry(1, "one"));
    }

    @Test
    void anIngesterThatStaysStaleIsAnErrorInTheEnd() {
        a.firstHeld = 5;
        assertThatThrownBy(this::readAll)
                .isInstanceOf(StoreException.Unavailable.class)
                .hasMessageContaining("no consistent read in 8 attempts");
    }

    @Test
    void anUnreachableIngesterLeavesAWarning() throws StoreException {
        a.unreachable = true;
        b.entries.add(entry(1, "one"));
        try (Scan scan = source.open(request(0, 10, Direction.FORWARD, ScanRequest.Columns.ALL))) {
            assertThat(read(scan)).containsExactly(entry(1, "one"));
            assertThat(scan.warnings())
                    .containsExactly("ingester a did not answer, its recent entries may be missing: a is down");
        }
    }

    @Test
    void aMissingSegmentLeavesAWarningAndTheRest() throws StoreException {
        a.entries.add(entry(1, "one"));
        flush(a);
        a.entries.add(entry(2, "two"));
        flush(a);
        String gone = log.read(TENANT).segments().getFirst().key();
        objects.delete(gone);
        try (Scan scan = source.open(request(0, 10, Direction.FORWARD, ScanRequest.Columns.ALL))) {
            assertThat(read(scan)).containsExactly(entry(2, "two"));
            assertThat(scan.warnings()).containsExactly("segment left out: segment " + gone + " does not exist");
        }
    }

    @Test
    void countsAndSeriesComeFromBothSides() throws StoreException {
        a.entries.add(entry(1, "one"));
        flush(a);
        b.entries.add(entry(2, "two"));
        b.entries.add(new Entry(Labels.of("app", "api"), 3, "three", Labels.EMPTY));
        assertThat(source.series(List.of(ALL), 0, 10).items())
                .containsExactly(Labels.of("app", "api"), Labels.of("app", "web"));
        assertThat(source.series(List.of(ALL), 2, 3).items()).containsExactly(Labels.of("app", "web"));
        assertThat(source.streamStats(List.of(ALL), 0, 10).items())
                .extracting(s -> s.labels().get("app") + " " + s.entries() + " " + s.bytes())
                .containsExactly("api 1 5", "web 2 6");
    }

    @Test
    void countsOfRangesAreThoseOfEach() throws StoreException {
        a.entries.add(entry(1, "one"));
        a.entries.add(entry(5, "five"));
        flush(a);
        b.entries.add(entry(2, "two"));
        b.entries.add(new Entry(Labels.of("app", "api"), 7, "seven", Labels.EMPTY));
        long[] bounds = {0, 2, 3, 5, 7, 8, 20};
        LogSource both = new MultiTenantSource(Map.of(new TenantId("x"), source, new TenantId("y"), source));
        for (LogSource s : List.of(source, both)) {
            List<List<LogSource.StreamStats>> found =
                    s.streamStats(List.of(ALL), bounds).items();
            assertThat(found).hasSize(bounds.length - 1);
            for (int i = 0; i < found.size(); i++) {
                assertThat(found.get(i))
                        .isEqualTo(s.streamStats(List.of(ALL), bounds[i], bounds[i + 1])
                                .items());
            }
        }
    }

    @Test
    void countsAndSeriesSayWhatTheyLack() throws StoreException {
        a.entries.add(entry(1, "one"));
        b.entries.add(entry(2, "two"));
        b.unreachable = true;
        String warning = "ingester b did not answer, its recent entries may be missing: b is down";
        LogSource.Found<Labels> series = source.series(List.of(ALL), 0, 10);
        assertThat(series.items()).containsExactly(Labels.of("app", "web"));
        assertThat(series.warnings()).containsExactly(warning);
        LogSource.Found<LogSource.StreamStats> stats = source.streamStats(List.of(ALL), 0, 10);
        assertThat(stats.items()).extracting(LogSource.StreamStats::entries).containsExactly(1L);
        assertThat(stats.warnings()).containsExactly(warning);
        MultiTenantSource both = new MultiTenantSource(Map.of(new TenantId("x"), source, new TenantId("y"), source));
        assertThat(both.series(List.of(ALL), 0, 10).warnings()).containsExactly(warning);
        assertThat(both.streamStats(List.of(ALL), 0, 10).warnings()).containsExactly(warning);
    }

    @Test
    void severalTenantsAreToldApartByALabel() throws StoreException {
        a.entries.add(entry(1, "one"));
        MultiTenantSource both = new MultiTenantSource(Map.of(new TenantId("x"), source, new TenantId("y"), source));
        assertThat(both.series(List.of(ALL), 0, 10).items())
                .containsExactly(
                        Labels.of("__tenant_id__", "x", "app", "web"), Labels.of("__tenant_id__", "y", "app", "web"));
        List<Matcher> onlyY = List.of(ALL, new Matcher("__tenant_id__", Matcher.Op.EQUAL, "y"));
        ScanRequest r = new ScanRequest(onlyY, 0, 10, Direction.FORWARD, ScanRequest.Columns.ALL, List.of());
        try (Scan scan = both.open(r)) {
            assertThat(read(scan))
                    .containsExactly(new Entry(Labels.of("__tenant_id__", "y", "app", "web"), 1, "one", Labels.EMPTY));
        }
    }
}
