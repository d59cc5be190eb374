/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.client.CollectorRegistry;
import io.skald.core.config.Limits;
import io.skald.core.disk.Disk;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.scan.Direction;
import io.skald.core.scan.EntryCursor;
import io.skald.core.scan.Scan;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.StreamScan;
import io.skald.ingester.wal.WalInspection;
import io.skald.storage.index.CommitLog;
import io.skald.storage.memory.MemoryIndexStore;
import io.skald.storage.memory.MemorySegmentStore;
import io.skald.storage.segment.SegmentRef;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A restart reads the directories of sealed files; what is damaged is named, set aside, and does not stop the rest. */
class SealedWalTest {
    private static final TenantId TENANT = new TenantId("a");
    private static final int LINES = 400;

    @SuppressWarnings("NullAway.Init") // set by JUnit
    @TempDir
    Path dir;

    private final CommitLog log = new CommitLog(new MemoryIndexStore());
    private final MemorySegmentStore segments = new MemorySegmentStore();
    private int lastRecord;
    private double corruptions;
    private final List<String> pushed = new ArrayList<>();
    private List<String> warnings = List.of();
    private CollectorRegistry registry = new CollectorRegistry();

    private Ingester open() throws StoreException {
        IngesterConfig config = FlushedOnRequest.config(dir, 4096, 0);
        registry = new CollectorRegistry();
        return Ingester.create(
                Disk.REAL, config, log, segments, t -> Limits.DEFAULTS, Clock.systemUTC(), registry, step -> {});
    }

    private void fill() throws Exception {
        Ingester i = open();
        long t = System.currentTimeMillis() * 1_000_000;
        for (int n = 0; n < LINES; n++) {
            String line = "line " + n + " of many";
            byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
            EntryBatch b = new EntryBatch(Labels.of("app", "web", "shard", Integer.toString(n % 3)));
            b.add(t + n, bytes, 0, bytes.length, Labels.of("trace", "t" + n));
            assertThat(i.push(TENANT, List.of(b)).accepted()).isEqualTo(1);
            pushed.add(line);
        }
        i.crash();
    }

    private List<Path> files(String suffix) throws IOException {
        try (Stream<Path> all = Files.list(dir.resolve("wal"))) {
            return all.filter(p -> p.getFileName().toString().matches("[0-9]{10}\\." + suffix))
                    .sorted()
                    .toList();
        }
    }

    private List<String> recent(Ingester i) throws StoreException {
        List<String> lines = new ArrayList<>();
        ScanRequest all =
                new ScanRequest(List.of(), 0, Long.MAX_VALUE, Direction.FORWARD, ScanRequest.Columns.ALL, List.of());
        try (Scan scan = i.recent().open(TENANT, log.read(TENANT).fence("i"), all)) {
            for (StreamScan s : scan.streams()) {
                try (EntryCursor c = s.open()) {
                    while (c.next()) {
                        lines.add(new String(c.buffer(), c.offset(), c.length(), StandardCharsets.UTF_8));
                    }
                }
            }
            warnings = scan.warnings();
        }
        return lines;
    }

    private double metric(String name) {
        Double v = registry.getSampleValue("skald_ingester_" + name + "_total");
        return v == null ? -1 : v;
    }

    private long stored() throws StoreException {
        return log.read(TENANT).segments().stream()
                .mapToLong(SegmentRef::entries)
                .sum();
    }

    @Test
    void damageInTheLastAcknowledgedRecordIsNamedAndATornWriteBehindItIsNot() throws Exception {
        fill();
        Path last = files("wal").getLast();
        byte[] whole = Files.readAllBytes(last);
        WalInspection.Report report = WalInspection.of(last, (offset, type, payload) -> lastRecord = offset);
        for (int flip = lastRecord; flip < report.end() - 8; flip += 5) {
            byte[] bad = whole.clone();
            bad[flip] ^= 4;
            assertThat(reopened(last, bad)).as("flip at %d", flip).isEqualTo(LINES - 1);
            assertThat(corruptions).as("flip at %d", flip).isEqualTo(1);
        }
        byte[] torn = whole.clone();
        Arrays.fill(torn, report.end() + 16, report.end() + 200, (byte) 7);
        assertThat(reopened(last, torn)).isEqualTo(LINES);
        assertThat(corruptions).isZero();
        byte[] unmarked = whole.clone();
        Arrays.fill(unmarked, report.end() - 20, report.end() + 16, (byte) 0);
        assertThat(reopened(last, unmarked)).isEqualTo(LINES - 1);
        assertThat(corruptions)
                .as("without a mark it may never have been acknowledged")
                .isZero();
    }

    /** How many lines there are when the last file is that. */
    private int reopened(Path last, byte[] content) throws Exception {
        for (Path p : files("wal")) {
            if (p.compareTo(last) > 0) {
                Files.delete(p);
            }
        }
        Files.write(last, content);
        Files.deleteIfExists(last.resolveSibling(last.getFileName().toString().replace(".wal", ".dir")));
        Ingester i = open();
        int found = recent(i).size();
        corruptions = metric("wal_corruptions");
        i.crash();
        return found;
    }

    @Test
    void aRestartDoesNotReadTheRecordsOfSealedFiles() throws Exception {
        fill();
        List<Path> wal = files("wal");
        assertThat(files("dir")).hasSize(wal.size() - 1);
        // without its record's head a scan would report the file, a directory knows where the fragment is
        byte[] bytes = Files.readAllBytes(wal.get(2));
        bytes[64 + 4] ^= 1;
        Files.write(wal.get(2), bytes);
        Ingester i = open();
        assertThat(metric("wal_corruptions")).isZero();
        assertThat(recent(i)).containsExactlyInAnyOrderElementsOf(pushed);
        assertThat(warnings).isEmpty();
        assertThat(i.recent().series(TENANT, 0, List.of(), List.of(), 0, Long.MAX_VALUE))
                .hasSize(3);
        i.crash();
        i = open();
        assertThat(recent(i)).containsExactlyInAnyOrderElementsOf(pushed);
        i.flush();
        assertThat(stored()).isEqualTo(LINES);
        i.close();
        assertThat(files("dir")).hasSizeLessThanOrEqualTo(1);
    }

    @Test
    void aDamagedOrMissingDirectoryIsMadeAgainFromTheRecords() throws Exception {
        fill();
        List<Path> directories = files("dir");
        byte[] bytes = Files.readAllBytes(directories.get(0));
        bytes[bytes.length / 2] ^= 4;
        Files.write(directories.get(0), bytes);
        Files.delete(directories.get(1));
        Files.write(directories.get(2), new byte[0]);
        Ingester i = open();
        assertThat(metric("wal_corruptions")).isZero();
        assertThat(recent(i)).containsExactlyInAnyOrderElementsOf(pushed);
        i.crash();
        assertThat(files("dir")).hasSize(directories.size() + 1);
        i = open();
        assertThat(recent(i)).containsExactlyInAnyOrderElementsOf(pushed);
        i.close();
    }

    @Test
    void aFlippedBitInASealedFileIsFoundWhenItIsReadAndTheFileSetAside() throws Exception {
        fill();
        Path wal = files("wal").get(1);
        byte[] bytes = Files.readAllBytes(wal);
        int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(" of many");
        bytes[at] ^= 1;
        Files.write(wal, bytes);
        Ingester i = open();
        assertThat(recent(i)).hasSize(LINES - 1).isSubsetOf(pushed);
        assertThat(warnings).singleElement().asString().contains(wal.toString(), "checksum of a fragment's lines");
        i.flush();
        assertThat(stored()).isEqualTo(LINES - 1);
        assertThat(metric("wal_corruptions")).isEqualTo(1);
        assertThat(metric("wal_set_aside_files")).isEqualTo(1);
        assertThat(wal).doesNotExist();
        assertThat(files("wal.corrupt"))
                .singleElement()
                .satisfies(p -> assertThat(Files.readAllBytes(p)).isEqualTo(bytes));
        i.close();
        i = open();
        assertThat(recent(i)).isEmpty();
        i.close();
        assertThat(files("wal.corrupt")).hasSize(1);
    }

    @Test
    void aFileOfWhichNothingIsLeftIsSetAsideAtOnce() throws Exception {
        fill();
        Path wal = files("wal").get(3);
        Path cut = files("wal").get(5);
        Files.delete(files("dir").get(3));
        Files.write(wal, new byte[4096]);
        Files.write(cut, new byte[0]);
        Ingester i = open();
        assertThat(metric("wal_corruptions")).isEqualTo(2);
        assertThat(metric("wal_set_aside_files")).isEqualTo(2);
        assertThat(files("wal.corrupt"))
                .containsExactly(
                        wal.resolveSibling(wal.getFileName() + ".corrupt"),
                        cut.resolveSibling(cut.getFileName() + ".corrupt"));
        List<String> found = recent(i);
        assertThat(found).hasSizeLessThan(LINES).hasSizeGreaterThan(LINES / 2).isSubsetOf(pushed);
        i.flush();
        assertThat(stored()).isEqualTo(found.size());
        i.close();
    }
}
