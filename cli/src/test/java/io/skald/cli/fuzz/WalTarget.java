/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

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
import io.skald.core.wire.BlockEncoder;
import io.skald.core.wire.BlockPush;
import io.skald.ingester.head.BatchCodec;
import io.skald.ingester.head.EncodedBlocks;
import io.skald.ingester.head.Head;
import io.skald.ingester.head.HeadRange;
import io.skald.ingester.head.LineLedger;
import io.skald.ingester.head.PushId;
import io.skald.ingester.head.RecordContents;
import io.skald.ingester.head.SeenPushes;
import io.skald.ingester.head.StreamBatches;
import io.skald.ingester.wal.SyncMode;
import io.skald.ingester.wal.Wal;
import io.skald.ingester.wal.WalInspection;
import io.skald.storage.FormatFuzz;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** A directory of WAL files, sealed ones with the same records and one after them, of which some are changed. */
final class WalTarget implements FormatFuzz.Target {
    /** Which file is changed. */
    enum Changed {
        /** The sealed ones, read because their directories are gone. */
        SEALED_FILES,
        /** The last, of which nothing says where it ends. */
        LAST_FILE,
        /** The directories of the sealed ones. */
        DIRECTORIES
    }

    private static final int SEGMENT_BYTES = 16 << 10;
    /** Sealed files; a start takes much longer than reading one. */
    private static final int SEALED = 12;

    private static final TenantId TENANT = new TenantId("t");
    private static final long START = 1_767_225_600_000_000_000L;

    /** Nobody listens. */
    static final class Events implements Head.WalEvents {
        @Override
        public void synced(long nanos, long bytes) {}

        @Override
        public void poisoned() {}

        @Override
        public void corrupt() {}

        @Override
        public void setAside() {}

        @Override
        public long nowMillis() {
            return START / 1_000_000;
        }
    }

    /** Syncs nothing: a restart is read, not a power cut. */
    private static final Disk UNSYNCED =
            (Disk) Proxy.newProxyInstance(Disk.class.getClassLoader(), new Class<?>[] {Disk.class}, (p, m, args) -> {
                if (m.getName().equals("force") || m.getName().equals("syncDirectory")) {
                    return null;
                }
                try {
                    return m.invoke(Disk.REAL, args);
                } catch (InvocationTargetException e) {
                    throw e.getCause();
                }
            });

    private final Path wal;
    private final Path seen;
    private final Changed changed;
    /** By name, as they are written. */
    private final Map<String, byte[]> files = new TreeMap<>();

    /** By name, those that are changed. */
    private final Map<String, byte[]> bad = new TreeMap<>();

    WalTarget(Path directory, Changed changed) {
        this.wal = directory.resolve("wal");
        this.seen = directory.resolve("seen-pushes");
        this.changed = changed;
    }

    private Head open(List<Wal> opened) throws StoreException {
        Head head = new Head(
                "i",
                Map.of(TENANT, 0L),
                SeenPushes.open(UNSYNCED, seen),
                LineLedger.open(UNSYNCED, seen.resolveSibling("seen-lines")),
                new Events());
        Wal w = Wal.open(
                UNSYNCED,
                new Wal.Settings(wal, SEGMENT_BYTES, SyncMode.ALWAYS, Duration.ofSeconds(1), () -> 0),
                1,
                0,
                head,
                head);
        head.attach(w);
        opened.add(w);
        return head;
    }

    private static EntryBatch batch(int push) {
        EntryBatch b = new EntryBatch(Labels.of("app", "a" + push % 3));
        for (int i = 0; i < 20; i++) {
            byte[] line = ("a line " + i * push + " of push " + push).getBytes(StandardCharsets.UTF_8);
            b.add(START + (i ^ 5) * 1_000_000_000L, line, 0, line.length, Labels.of("k", "v" + i % 3));
        }
        return b;
    }

    private static EncodedBlocks blocks(int push) {
        EntryBatch b = batch(push);
        BlockPush.Block block = new BlockEncoder(-1).encode(List.of(b)).getFirst();
        return EncodedBlocks.encode(
                new PushId(TENANT, "agent", 7, push, push),
                List.of(new EncodedBlocks.Block(
                        block.labels(),
                        block.bytes(),
                        block.offset(),
                        block.length(),
                        b.size(),
                        (int) b.lineBytes(),
                        false,
                        START,
                        START + 30_000_000_000L)));
    }

    @Override
    public byte[] good() throws Exception {
        List<Wal> opened = new ArrayList<>();
        Files.createDirectories(wal);
        open(opened);
        try (Wal w = opened.getFirst()) {
            for (int push = 1; !Files.exists(wal.resolve("0000000001.dir")); push++) {
                w.append(BatchCodec.encode(TENANT, List.of(batch(push), batch(push + 1)), 4096));
                w.append(List.of(blocks(push)));
            }
        }
        byte[] sealed = Files.readAllBytes(wal.resolve(name(1, "wal")));
        byte[] directory = Files.readAllBytes(wal.resolve(name(1, "dir")));
        byte[] last = Files.readAllBytes(wal.resolve(name(2, "wal")));
        for (int n = 1; n <= SEALED; n++) {
            files.put(name(n, "wal"), numbered(sealed, n, ByteBuffer.wrap(last).getLong(40)));
            byte[] d = directory.clone();
            ByteBuffer.wrap(d).putLong(12, n);
            sealDirectory(d);
            files.put(name(n, "dir"), d);
        }
        files.put(
                name(SEALED + 1, "wal"),
                numbered(last, SEALED + 1, ByteBuffer.wrap(last).getLong(40)));
        if (changed != Changed.DIRECTORIES) {
            files.keySet().removeIf(n -> n.endsWith("dir"));
        }
        bad.putAll(files);
        return sealed;
    }

    private static String name(int number, String suffix) {
        return String.format(Locale.ROOT, "%010d.%s", number, suffix);
    }

    /** The file as if it had another number, after one that ends at {@code previousEnd}. */
    private static byte[] numbered(byte[] file, int number, long previousEnd) {
        byte[] copy = file.clone();
        ByteBuffer.wrap(copy).putLong(16, number).putLong(32, number - 1).putLong(40, number == 1 ? 0 : previousEnd);
        sealFile(copy);
        return copy;
    }

    @Override
    public byte[] mutated(byte[] good, Random random) {
        bad.putAll(files);
        for (String name : files.keySet()) {
            boolean last = name.equals(name(SEALED + 1, "wal"));
            boolean wanted = switch (changed) {
                case SEALED_FILES -> !last;
                case LAST_FILE -> last;
                case DIRECTORIES -> name.endsWith("dir");
            };
            if (wanted) {
                byte[] b = FormatFuzz.mutate(bad.get(name), random);
                if (changed == Changed.DIRECTORIES) {
                    sealDirectory(b);
                } else {
                    sealFile(b);
                }
                bad.put(name, b);
            }
        }
        return good;
    }

    private static void sealDirectory(byte[] b) {
        if (b.length >= 32) {
            ByteBuffer to = ByteBuffer.wrap(b);
            byte[] covered = new byte[b.length - 4];
            to.putInt(24, b.length - 32);
            System.arraycopy(b, 0, covered, 0, 28);
            System.arraycopy(b, 32, covered, 28, b.length - 32);
            to.putInt(28, FormatFuzz.crc(covered, 0, covered.length));
        }
    }

    /** Makes the checksums of header, records and fragments right, as far as lengths say where they are. */
    private static void sealFile(byte[] b) {
        if (b.length < 64) {
            return;
        }
        ByteBuffer to = ByteBuffer.wrap(b);
        to.putInt(60, FormatFuzz.crc(b, 0, 60));
        long number = to.getLong(16);
        for (int at = 64; at + 16 <= b.length; ) {
            int length = to.getInt(at);
            if (length <= 0 || length > b.length - at - 16) {
                return;
            }
            sealFragments(b, at + 16, at + 16 + length, to.getInt(at + 8));
            int payload = FormatFuzz.crc(b, at + 16, at + 16 + length);
            to.putInt(at + 4, payload);
            ByteBuffer head = ByteBuffer.allocate(24);
            head.putLong(number).putInt(at).putInt(length).putInt(payload).putInt((byte) to.getInt(at + 8));
            to.putInt(at + 12, FormatFuzz.crc(head.array(), 0, 24));
            at = (at + 16 + length + 7) & -8;
        }
    }

    private static void sealFragments(byte[] b, int from, int end, int type) {
        ByteBuffer to = ByteBuffer.wrap(b);
        int at = from + 1 + (to.get(from) & 0x7f);
        if (type == 2 && at < end) {
            // agent, epoch and sequence of one byte each, checksum
            at += 1 + (to.get(at) & 0x7f) + 2 + 4;
        }
        while (at + 16 <= end) {
            int head = to.getInt(at);
            int body = to.getInt(at + 4);
            if (head < 16 || body < 0 || head > end - at || body > end - at - head) {
                return;
            }
            to.putInt(at + 8, FormatFuzz.crc(b, at + head, at + head + body));
            byte[] covered = Arrays.copyOfRange(b, at, at + head - 4);
            System.arraycopy(b, at + 16, covered, 12, head - 16);
            to.putInt(at + 12, FormatFuzz.crc(covered, 0, covered.length));
            at += head + body;
        }
    }

    @Override
    public void read(byte[] bytes) throws Exception {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(wal)) {
            for (Path p : files) {
                Files.delete(p);
            }
        }
        for (Map.Entry<String, byte[]> f : bad.entrySet()) {
            Files.write(wal.resolve(f.getKey()), f.getValue());
            if (changed != Changed.DIRECTORIES) {
                inspect(wal.resolve(f.getKey()));
            }
        }
        List<Wal> opened = new ArrayList<>();
        Head head = open(opened);
        try (Wal w = opened.getFirst()) {
            assertThat(w.firstPosition()).isPositive();
            for (TenantId t : head.tenants()) {
                tenant(head, t);
            }
        }
    }

    private static void inspect(Path file) throws IOException {
        WalInspection.of(file, (offset, type, payload) -> {
            try {
                assertThat(RecordContents.of(payload).batches()).isNotNull();
            } catch (IllegalArgumentException e) {
                // as it says for what is no record of entries
                assertThat(e).hasMessageNotContaining("null");
            }
        });
    }

    private interface Step {
        void run() throws Exception;
    }

    /** A step that may find damage, which must not hinder the next one. */
    private static void step(Step s) throws Exception {
        try {
            s.run();
        } catch (StoreException.CorruptData e) {
            assertThat(e).hasMessageContaining("WAL file");
        }
    }

    private static void tenant(Head head, TenantId tenant) throws Exception {
        for (Direction d : Direction.values()) {
            ScanRequest request =
                    new ScanRequest(List.of(), Long.MIN_VALUE, Long.MAX_VALUE, d, ScanRequest.Columns.ALL, List.of());
            step(() -> scan(head, tenant, request));
        }
        ScanRequest times = new ScanRequest(
                List.of(),
                START,
                Long.MAX_VALUE,
                Direction.FORWARD,
                new ScanRequest.Columns(false, false, false),
                List.of());
        step(() -> scan(head, tenant, times));
        step(() -> head.streamStats(tenant, 0, List.of(), List.of(), START, START + 7_000_000_000L));
        step(() -> head.series(tenant, 0, List.of(), List.of(), START + 1, START + 2));
        step(() -> head.arrived(tenant, 0));
        step(() -> head.tail(tenant, List.of(), 0, 1000, Duration.ZERO));
        step(() -> flush(head, tenant));
    }

    private static void scan(Head head, TenantId tenant, ScanRequest request) throws StoreException {
        try (Scan scan = head.open(tenant, 0, request)) {
            for (StreamScan s : scan.streams()) {
                try (EntryCursor c = s.open()) {
                    while (c.next()) {
                        assertThat(c.length()).isNotNegative();
                    }
                }
            }
        }
    }

    private static void flush(Head head, TenantId tenant) throws StoreException {
        try (HeadRange range = head.range(tenant, 0, Long.MAX_VALUE, List.of())) {
            for (int s = 0; s < range.size(); s++) {
                StreamBatches batches = range.batches(s, Long.MIN_VALUE, Long.MAX_VALUE, damage -> {});
                EntryBatch next = batches.next();
                while (next != null) {
                    assertThat(next.lineBytes()).isNotNegative();
                    next = batches.next();
                }
            }
            assertThat(range.periods(86_400_000_000_000L)).isNotNull();
        }
    }

    @Override
    public boolean refusal(Exception e) {
        // damage never stops a start
        return false;
    }

    @Override
    public long mostAllocated(int length) {
        return (64L << 20) + 100L * (SEALED + 1) * SEGMENT_BYTES;
    }
}
