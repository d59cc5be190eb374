/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.bench;

import io.skald.core.model.Labels;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * A day of logs, made again byte for byte from the same seed, size and day: JSON, logfmt, access logs, free text and stack traces in 40 streams, with ids that never
 * come twice, and with texts planted of which it is known how often they come. Batches are made one after the other; what is known of the
 * whole is known after the last. Confined to one thread.
 */
final class BenchCorpus {
    static final String TOKEN = "QX7ZK2VJ9WPL";
    static final String TRACE = "5eed0ddba11c0ffee0decade5ca1ab1e";
    static final String PHRASE = "replica lagged behind and was fenced";
    static final int PHRASES = 50;

    private static final long DAY_NANOS = 86_400_000_000_000L;
    private static final int BATCH_BYTES = 1_000_000;
    private static final String[] JSON_APPS = {"checkout", "payments", "users"};
    private static final String[] PATHS = {
        "/", "/cart", "/api/orders", "/api/items", "/login", "/static/app.js", "/search"
    };
    private static final String[] WORDS = {
        "connection",
        "closed",
        "by",
        "peer",
        "retrying",
        "request",
        "to",
        "upstream",
        "completed",
        "cache",
        "miss",
        "for",
        "key",
        "started",
        "worker",
        "queue",
        "depth",
        "is",
        "above",
        "target",
        "snapshot",
        "written",
        "in"
    };

    /** Lines of one stream in order of time. */
    record Stream(Labels labels, long[] timestampNanos, byte[][] lines) {}

    private enum Format {
        JSON,
        LOGFMT,
        ACCESS,
        TEXT,
        TRACE
    }

    private record Source(Labels labels, String app, Format format) {}

    private final List<Source> sources = new ArrayList<>();
    private final SplittableRandom random;
    private final long startNanos;
    private final int batches;
    private int batch;
    private int traces;
    private int tokens;
    private int phrases;
    private int lastPhraseBatch = -1;

    /** Line bytes so far. */
    private long bytes;

    private long lines;
    private long jsonErrors;
    private long slow;
    private long accessLines;

    /**
     * @param targetBytes line bytes of the day, about
     * @param startNanos midnight at which it begins
     */
    BenchCorpus(long seed, long targetBytes, long startNanos) {
        this.random = new SplittableRandom(seed);
        this.startNanos = startNanos;
        this.batches = (int) Math.max(2, targetBytes / BATCH_BYTES);
        for (int i = 0; i < 40; i++) {
            Format f = Format.values()[i % 8 < 3 ? 0 : i % 8 < 4 ? 1 : i % 8 < 6 ? 2 : i % 8 < 7 ? 3 : 4];
            String app = switch (f) {
                case JSON -> JSON_APPS[i % 8];
                case LOGFMT -> "gateway";
                case ACCESS -> "nginx";
                case TEXT -> "batch";
                case TRACE -> "ledger";
            };
            String namespace = f == Format.ACCESS ? "edge" : f == Format.TEXT || f == Format.TRACE ? "data" : "shop";
            Labels labels =
                    Labels.of("app", app, "namespace", namespace, "pod", app + "-" + Integer.toHexString(0x5a00 + i));
            sources.add(new Source(labels, app, f));
        }
        sources.sort((a, b) -> a.labels.compareTo(b.labels));
    }

    long startNanos() {
        return startNanos;
    }

    long endNanos() {
        return startNanos + DAY_NANOS;
    }

    long bytes() {
        return bytes;
    }

    long lines() {
        return lines;
    }

    /** JSON lines with a status of 500 or more. */
    long jsonErrors() {
        return jsonErrors;
    }

    /** Lines of logfmt with a duration above 2 s. */
    long slow() {
        return slow;
    }

    long accessLines() {
        return accessLines;
    }

    boolean hasNext() {
        return batch < batches;
    }

    /** About a megabyte of lines over all streams. */
    List<Stream> next() {
        long from = startNanos + DAY_NANOS / batches * batch;
        long to = startNanos + DAY_NANOS / batches * (batch + 1);
        List<Stream> made = new ArrayList<>(sources.size());
        for (Source s : sources) {
            made.add(stream(s, from, to));
        }
        batch++;
        return made;
    }

    private Stream stream(Source s, long from, long to) {
        List<byte[]> made = new ArrayList<>();
        List<Long> times = new ArrayList<>();
        int share = BATCH_BYTES / sources.size();
        // a line takes 100 to 400 bytes: times are drawn first, so that they ascend
        int n = switch (s.format) {
            case JSON -> share / 330;
            case LOGFMT -> share / 150;
            case ACCESS -> share / 210;
            case TEXT -> share / 110;
            case TRACE -> share / 400;
        };
        long step = (to - from) / n;
        for (int i = 0; i < n; i++) {
            long time = from + step * i + random.nextLong(step);
            byte[] line = line(s, time).getBytes(StandardCharsets.UTF_8);
            made.add(line);
            times.add(time);
            bytes += line.length;
            lines++;
        }
        long[] nanos = new long[made.size()];
        for (int i = 0; i < nanos.length; i++) {
            nanos[i] = times.get(i);
        }
        return new Stream(s.labels, nanos, made.toArray(new byte[0][]));
    }

    private String line(Source s, long time) {
        return switch (s.format) {
            case JSON -> json(s.app, time);
            case LOGFMT -> logfmt(time);
            case ACCESS -> access(time);
            case TEXT -> text(time);
            case TRACE -> trace(time);
        };
    }

    private String json(String app, long time) {
        boolean error = random.nextInt(50) == 0;
        jsonErrors += error ? 1 : 0;
        boolean plant = batch == batches / 3 && traces == 0;
        traces += plant ? 1 : 0;
        return String.format(
                Locale.ROOT,
                "{\"ts\":\"%s\",\"level\":\"%s\",\"service\":\"%s\",\"trace_id\":\"%s\",\"user_id\":%d,\"method\":\"%s\",\"path\":\"%s\","
                        + "\"status\":%d,\"latency_ms\":%d.%d,\"region\":\"eu-%d\",\"msg\":\"%s\"}",
                iso(time),
                error ? "error" : "info",
                app,
                plant ? TRACE : hex(),
                random.nextInt(1_000_000),
                random.nextInt(4) == 0 ? "POST" : "GET",
                PATHS[random.nextInt(PATHS.length)],
                error ? 500 + random.nextInt(4) : 200,
                random.nextInt(400),
                random.nextInt(10),
                random.nextInt(4),
                words(8));
    }

    private String logfmt(long time) {
        int millis = random.nextInt(1000) == 0 ? 2001 + random.nextInt(3000) : random.nextInt(1900);
        slow += millis > 2000 ? 1 : 0;
        return "ts=" + iso(time) + " level=info caller=http.go:" + (100 + random.nextInt(400)) + " request=" + hex()
                + " duration=" + millis + "ms route=" + PATHS[random.nextInt(PATHS.length)] + " msg=\"" + words(5)
                + "\"";
    }

    private String access(long time) {
        accessLines++;
        return "10." + random.nextInt(256) + "." + random.nextInt(256) + "." + random.nextInt(256) + " - - ["
                + DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss Z", Locale.ROOT)
                        .format(at(time)) + "] \"GET "
                + PATHS[random.nextInt(PATHS.length)] + "?id=" + random.nextInt(100_000) + " HTTP/1.1\" "
                + (random.nextInt(20) == 0 ? 404 : 200) + " " + random.nextInt(50_000)
                + " \"-\" \"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\" rt=0." + random.nextInt(1000);
    }

    private String text(long time) {
        boolean phrase = batch % Math.max(1, batches / PHRASES) == 0
                && batch / Math.max(1, batches / PHRASES) < PHRASES
                && planted(batch);
        String rest = phrase ? PHRASE : words(7);
        if (!phrase && batch == batches / 2 && tokens == 0) {
            tokens = 1;
            rest = "session " + TOKEN + " opened";
        }
        return DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss,SSS", Locale.ROOT)
                        .format(at(time)) + " INFO [worker-" + random.nextInt(16) + "] " + rest + " (job "
                + Integer.toHexString(random.nextInt()) + ")";
    }

    /** Once in each batch that has one. */
    private boolean planted(int inBatch) {
        if (lastPhraseBatch == inBatch) {
            return false;
        }
        lastPhraseBatch = inBatch;
        phrases++;
        return true;
    }

    /** How often the phrase was planted. */
    int phrases() {
        return phrases;
    }

    /** How often the trace id was planted. */
    int traces() {
        return traces;
    }

    private String trace(long time) {
        StringBuilder b = new StringBuilder(iso(time))
                .append(" ERROR posting failed: java.lang.IllegalStateException: account ")
                .append(random.nextInt(1_000_000))
                .append(" is closed");
        for (int i = 2 + random.nextInt(8); i > 0; i--) {
            b.append("\n\tat com.example.ledger.Posting.apply(Posting.java:")
                    .append(random.nextInt(900))
                    .append(')');
        }
        return b.toString();
    }

    private String words(int n) {
        StringBuilder b = new StringBuilder();
        for (int i = 0; i < n; i++) {
            b.append(i == 0 ? "" : " ").append(WORDS[random.nextInt(WORDS.length)]);
        }
        return b.toString();
    }

    private String hex() {
        return String.format(Locale.ROOT, "%016x%016x", random.nextLong(), random.nextLong());
    }

    private static Instant instant(long nanos) {
        return Instant.ofEpochSecond(Math.floorDiv(nanos, 1_000_000_000L), Math.floorMod(nanos, 1_000_000_000L));
    }

    private static java.time.OffsetDateTime at(long nanos) {
        return instant(nanos).atOffset(ZoneOffset.UTC);
    }

    private static String iso(long nanos) {
        return DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
                .format(at(nanos));
    }
}
