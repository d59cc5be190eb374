/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.bench.day;

import io.skald.storage.segment.SegmentRef;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;

/** What a day cost, beside what it may cost. */
final class Report {
    private static final double DAYS = 30;
    private static final double MAX_PUTS_PER_HOUR = 300;
    private static final double MIN_OBJECT_BYTES = 8 << 20;
    private static final double MAX_WRITE_UNITS_PER_LINE = 1 / 10_000.0;
    private static final double MAX_REQUEST_SHARE = 0.1;

    private final PrintStream out;
    private final DayLines lines;
    private final LokiLayout loki;
    private final double hours;
    private final int flushes;
    private boolean good = true;

    Report(PrintStream out, DayLines lines, LokiLayout loki, double hours, int flushes) {
        this.out = out;
        this.lines = lines;
        this.loki = loki;
        this.hours = hours;
        this.flushes = flushes;
    }

    private void say(String text) {
        out.println(text);
    }

    private void bar(String what, boolean reached) {
        good &= reached;
        say(String.format(Locale.ROOT, "  %-60s %s", what, reached ? "reached" : "MISSED"));
    }

    boolean print(Calls c, List<SegmentRef> segments) {
        double scale = 24 / hours;
        long stored = segments.stream().mapToLong(SegmentRef::sizeBytes).sum();
        long entries = segments.stream().mapToLong(SegmentRef::entries).sum();
        say(String.format(
                Locale.ROOT,
                "lines %,d (%,d in segments), %.1f bytes each, %.2f GB",
                lines.lines,
                entries,
                lines.bytes / (double) lines.lines,
                lines.bytes / 1e9));
        say(String.format(
                Locale.ROOT,
                "flushes %d, segments at the end %d, stored %.3f GB = %.3f of the lines",
                flushes,
                segments.size(),
                stored / 1e9,
                stored / (double) lines.bytes));
        c.byOperation.forEach((k, v) -> say(String.format(Locale.ROOT, "  %-36s %,12d", k, v)));
        say(String.format(
                Locale.ROOT,
                "PUT %,d  GET %,d (%.2f GB)  LIST %,d  read units %,.1f  write units %,.1f",
                c.puts,
                c.gets,
                c.getBytes / 1e9,
                c.lists,
                c.readUnits,
                c.writeUnits));
        double gib = stored * scale * DAYS / (1 << 30);
        double storage = gib * Calls.GIB_MONTH;
        double requests = c.dollars() * scale * DAYS;
        say(String.format(
                Locale.ROOT,
                "a month (30 days kept): storage %.1f GiB $%.2f; PUT $%.3f GET $%.3f LIST $%.3f write units $%.3f read units $%.3f = requests $%.3f",
                gib,
                storage,
                c.puts * Calls.PUT * scale * DAYS,
                c.gets * Calls.GET * scale * DAYS,
                c.lists * Calls.PUT * scale * DAYS,
                c.writeUnits * Calls.WRITE_UNIT * scale * DAYS,
                c.readUnits * Calls.READ_UNIT * scale * DAYS,
                requests));
        double lokiGib = loki.rawBytes * loki.ratio() * scale * DAYS / (1 << 30);
        say(String.format(
                Locale.ROOT,
                "an object per stream and flush: %,d objects a day (%.0f an hour), gzip %.3f of the lines, storage $%.2f, PUTs $%.3f a month, one copy; mean object %.2f MB",
                Math.round(loki.objects * scale),
                loki.objects / hours,
                loki.ratio(),
                lokiGib * Calls.GIB_MONTH,
                loki.objects * Calls.PUT * scale * DAYS,
                loki.rawBytes * loki.ratio() / loki.objects / 1e6));
        bar(
                String.format(Locale.ROOT, "PUTs per hour %.1f, at most %.0f", c.puts / hours, MAX_PUTS_PER_HOUR),
                c.puts / hours <= MAX_PUTS_PER_HOUR);
        double mean = stored / (double) segments.size();
        bar(String.format(Locale.ROOT, "mean object %.1f MB, at least 8", mean / 1e6), mean >= MIN_OBJECT_BYTES);
        double perLine = c.writeUnits / lines.lines;
        bar(
                String.format(Locale.ROOT, "write units per 10,000 lines %.3f, at most 1", perLine * 10_000),
                perLine <= MAX_WRITE_UNITS_PER_LINE);
        bar(
                String.format(Locale.ROOT, "requests %.1f %% of storage, less than 10", 100 * requests / storage),
                requests < MAX_REQUEST_SHARE * storage);
        bar("every line once", entries == lines.lines);
        return good;
    }
}
