/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import io.skald.core.model.Labels;
import io.skald.logql.pipeline.template.TimeLayout;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code timestamp}: an entry's time from a value. */
final class TimestampStage extends Stage.Simple {
    private static final BigDecimal MAX_NANOS = BigDecimal.valueOf(Long.MAX_VALUE);
    private static final int MAX_STREAMS = 10_000;
    private static final Map<String, String> LAYOUTS = Map.of(
            "ANSIC", "Mon Jan _2 15:04:05 2006",
            "UnixDate", "Mon Jan _2 15:04:05 MST 2006",
            "RubyDate", "Mon Jan 02 15:04:05 -0700 2006",
            "RFC822", "02 Jan 06 15:04 MST",
            "RFC822Z", "02 Jan 06 15:04 -0700",
            "RFC850", "Monday, 02-Jan-06 15:04:05 MST",
            "RFC1123", "Mon, 02 Jan 2006 15:04:05 MST",
            "RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700",
            "RFC3339", "2006-01-02T15:04:05Z07:00",
            "RFC3339Nano", "2006-01-02T15:04:05.999999999Z07:00");

    private final String source;
    private final List<String> formats;
    private final ZoneId zone;
    private final boolean fudge;
    /** The last time of each stream; the eldest go. */
    private final Map<Labels, Long> last = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Labels, Long> eldest) {
            return size() > MAX_STREAMS;
        }
    };

    /**
     * @param formats names of formats, or layouts as Go writes them, in the order in which they are tried
     * @param fudge whether an entry without a time that can be read gets one just behind its stream's last, instead of that of reading
     */
    TimestampStage(String source, List<String> formats, ZoneId zone, boolean fudge) {
        this.source = source;
        this.formats = List.copyOf(formats);
        this.zone = zone;
        this.fudge = fudge;
    }

    @Override
    boolean apply(LogEntry e) {
        String text = Values.text(e.extracted(source));
        Long nanos = text == null ? null : parse(text);
        if (nanos != null) {
            e.setTime(nanos);
            if (fudge) {
                last.put(e.labels(), nanos);
            }
        } else if (fudge) {
            Long before = last.get(e.labels());
            if (before != null) {
                e.setTime(before + 1);
                last.put(e.labels(), before + 1);
            }
        }
        return true;
    }

    private @Nullable Long parse(String text) {
        for (String f : formats) {
            Long nanos = switch (f) {
                case "Unix" -> unix(text, 1_000_000_000L);
                case "UnixMs" -> unix(text, 1_000_000L);
                case "UnixUs" -> unix(text, 1000L);
                case "UnixNs" -> unix(text, 1L);
                case "RFC3339", "RFC3339Nano" -> iso(text, f);
                default -> layout(LAYOUTS.getOrDefault(f, f), text);
            };
            if (nanos != null) {
                return nanos;
            }
        }
        return null;
    }

    /** The usual form quickly, others by the layout. */
    private @Nullable Long iso(String text, String format) {
        try {
            Instant i = Instant.parse(text);
            return Math.addExact(Math.multiplyExact(i.getEpochSecond(), 1_000_000_000L), i.getNano());
        } catch (ArithmeticException e) {
            return null; // no time that an entry can have
        } catch (java.time.format.DateTimeParseException e) {
            return layout(LAYOUTS.getOrDefault(format, format), text);
        }
    }

    private @Nullable Long layout(String layout, String text) {
        return TimeLayout.parseNanos(layout, text, zone, LocalDate.now(zone).getYear());
    }

    private static @Nullable Long unix(String text, long nanos) {
        try {
            BigDecimal n = new BigDecimal(text).multiply(BigDecimal.valueOf(nanos));
            boolean fits = n.compareTo(MAX_NANOS) < 0 && n.compareTo(MAX_NANOS.negate()) > 0;
            return fits ? n.longValue() : null;
        } catch (ArithmeticException | NumberFormatException e) {
            return null;
        }
    }
}
