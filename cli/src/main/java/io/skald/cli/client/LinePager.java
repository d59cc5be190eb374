/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.client;

import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.client.Answer.Line;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Asks a range query page by page, so that the server's limit on lines of one answer does not limit the whole. A page begins at the time
 * where the last one ended; lines of that time that were there already are left out. Confined to one thread.
 */
final class LinePager {
    /** What a page holds at most unless the server allows less; Loki's usual limit. */
    private static final int PAGE = 5000;

    /** How Loki says how many lines it allows. */
    private static final Pattern TOO_MANY = Pattern.compile("limit per query exceeded.*\\(\\d+ > (\\d+)\\)");

    /** Takes lines in order. */
    interface Sink {
        void accept(List<Line> lines) throws IOException, CommandFailure;
    }

    private final LokiClient client;
    private final String query;
    private final String step;
    private int page = PAGE;

    LinePager(LokiClient client, String query, String step) {
        this.client = client;
        this.query = query;
        this.step = step;
    }

    /**
     * Reads lines until there are no more, or {@code limit} (0: no limit).
     *
     * @param forward oldest first, else newest first
     * @return null, or the answer if it was not lines but samples: nothing was given to the sink then
     */
    Answer.@Nullable Samples read(TimeOptions.Range range, long limit, boolean forward, Sink sink)
            throws CommandFailure, IOException {
        long start = range.startNanos();
        long end = range.endNanos();
        long left = limit == 0 ? Long.MAX_VALUE : limit;
        Set<Line> seen = new HashSet<>();
        while (left > 0) {
            int ask = (int) Math.min(page, left + seen.size());
            Answer answer = ask(start, end, ask, forward);
            if (answer instanceof Answer.Samples samples) {
                return samples;
            }
            List<Line> got = new ArrayList<>(((Answer.Lines) answer).lines());
            ask = Math.min(ask, page);
            Comparator<Line> order = Comparator.comparingLong(Line::timestampNanos);
            got.sort(forward ? order : order.reversed());
            List<Line> fresh = got.stream().filter(l -> !seen.contains(l)).toList();
            sink.accept(fresh);
            left -= fresh.size();
            if (got.size() < ask) {
                return null;
            }
            if (fresh.isEmpty()) {
                throw new CommandFailure(
                        ExitCode.FAILURE,
                        "more than " + ask + " lines at " + got.getLast().timestampNanos()
                                + " ns; the server gives no more at once. Narrow the query.");
            }
            long edge = got.getLast().timestampNanos();
            seen.removeIf(l -> l.timestampNanos() != edge);
            got.stream().filter(l -> l.timestampNanos() == edge).forEach(seen::add);
            if (forward) {
                start = edge;
            } else {
                end = edge + 1;
            }
        }
        return null;
    }

    private Answer ask(long start, long end, int lines, boolean forward) throws CommandFailure {
        Map<String, List<String>> params = new LinkedHashMap<>();
        params.put("query", List.of(query));
        params.put("extensions", List.of("true"));
        params.put("start", List.of(Long.toString(start)));
        params.put("end", List.of(Long.toString(end)));
        params.put("step", List.of(step));
        params.put("direction", List.of(forward ? "forward" : "backward"));
        params.put("limit", List.of(Integer.toString(lines)));
        try {
            return client.get("/loki/api/v1/query_range", params, Answer::read);
        } catch (LokiClient.Refused e) {
            Matcher m = TOO_MANY.matcher(String.valueOf(e.getMessage()));
            if (m.find() && Integer.parseInt(m.group(1)) > 0 && Integer.parseInt(m.group(1)) < lines) {
                page = Integer.parseInt(m.group(1));
                return ask(start, end, page, forward);
            }
            throw e.asFailure(query);
        }
    }
}
