/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.head;

import io.skald.core.model.TenantId;
import io.skald.core.wire.HeldLines;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The lines of one generation of a file that pushes were about. Not thread-safe: guarded by the ledger's lock. */
final class LineSpans {
    /** More spans than this are not kept apart: the oldest gap is forgotten. */
    private static final int MAX_SPANS = 256;

    private static final int MAX_GIVEN_UP = 32;
    private static final int MAX_TENANTS = 16;

    /** First line, line behind the last, and since when lines in front are missing: three numbers for each span, in order. */
    private long[] spans = new long[3];

    private int size;
    private List<HeldLines.GivenUp> givenUp = List.of();
    private List<TenantId> tenants = List.of();
    private long lastMillis;

    /** Takes note of lines. What is said again makes no difference. */
    void add(TenantId tenant, long first, long count, long missing, long nowMillis) {
        lastMillis = Math.max(lastMillis, nowMillis);
        if (!tenants.contains(tenant) && tenants.size() < MAX_TENANTS) {
            tenants = plus(tenants, tenant);
        }
        if (missing > 0 && givenUp.stream().noneMatch(g -> g.first() == first)) {
            givenUp = plus(givenUp, new HeldLines.GivenUp(first, count, missing, nowMillis));
            if (givenUp.size() > MAX_GIVEN_UP) {
                givenUp = joined(givenUp);
            }
        }
        if (count > 0) {
            insert(first, first + count, nowMillis);
        }
    }

    private static <T> List<T> plus(List<T> list, T one) {
        List<T> all = new ArrayList<>(list.size() + 1);
        all.addAll(list);
        all.add(one);
        return all;
    }

    /** The two oldest become one. */
    private static List<HeldLines.GivenUp> joined(List<HeldLines.GivenUp> all) {
        HeldLines.GivenUp a = all.getFirst();
        HeldLines.GivenUp b = all.get(1);
        long first = Math.min(a.first(), b.first());
        long end = Math.max(a.first() + a.count(), b.first() + b.count());
        List<HeldLines.GivenUp> out = new ArrayList<>(all.subList(1, all.size()));
        out.set(0, new HeldLines.GivenUp(first, end - first, a.missing() + b.missing(), a.atMillis()));
        return out;
    }

    private void insert(long first, long end, long nowMillis) {
        int from = 0;
        while (from < size && spans[3 * from + 1] < first) {
            from++;
        }
        int to = from;
        long low = first;
        long high = end;
        while (to < size && spans[3 * to] <= end) {
            low = Math.min(low, spans[3 * to]);
            high = Math.max(high, spans[3 * to + 1]);
            to++;
        }
        // within a gap both of its parts are as old as it was; behind everything a gap is new
        long since = from < size ? spans[3 * from + 2] : nowMillis;
        if (from == to) {
            if (3 * (size + 1) > spans.length) {
                spans = Arrays.copyOf(spans, 2 * spans.length);
            }
            System.arraycopy(spans, 3 * from, spans, 3 * from + 3, 3 * (size - from));
            size++;
        } else {
            System.arraycopy(spans, 3 * to, spans, 3 * from + 3, 3 * (size - to));
            size -= to - from - 1;
        }
        spans[3 * from] = low;
        spans[3 * from + 1] = high;
        spans[3 * from + 2] = since;
        if (size > MAX_SPANS) {
            spans[3] = spans[0];
            spans[5] = spans[2];
            System.arraycopy(spans, 3, spans, 0, 3 * (size - 1));
            size--;
        }
    }

    long lastMillis() {
        return lastMillis;
    }

    boolean isIncomplete() {
        return !givenUp.isEmpty() || size > 1 || size == 1 && spans[0] > 0;
    }

    HeldLines held(HeldLines.Origin origin) {
        List<HeldLines.Span> all = new ArrayList<>(size);
        for (int i = 0; i < size; i++) {
            all.add(new HeldLines.Span(spans[3 * i], spans[3 * i + 1], spans[3 * i + 2]));
        }
        return new HeldLines(origin, tenants, all, givenUp, lastMillis);
    }

    static LineSpans of(HeldLines h) {
        LineSpans s = new LineSpans();
        s.tenants = h.tenants();
        s.givenUp = h.givenUp();
        s.lastMillis = h.lastMillis();
        s.size = h.spans().size();
        s.spans = new long[Math.max(3, 3 * s.size)];
        for (int i = 0; i < s.size; i++) {
            HeldLines.Span span = h.spans().get(i);
            s.spans[3 * i] = span.first();
            s.spans[3 * i + 1] = span.end();
            s.spans[3 * i + 2] = span.sinceMillis();
        }
        return s;
    }
}
