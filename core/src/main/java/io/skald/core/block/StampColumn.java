/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.block;

import io.skald.core.model.StoreException.CorruptData;

/**
 * The first date of each line, cut out of it and kept as its difference to the entry's time: it is almost always the same moment, and would
 * take a sixth of the compressed lines. Confined to one thread.
 */
final class StampColumn {
    /** How far into a line a date is looked for. */
    private static final int REACH = 120;

    /** After so many lines without a date in a row, only every {@link #SAMPLE}th is searched. */
    private static final int PATIENCE = 64;

    private static final int SAMPLE = 16;

    private final Stamp stamp = new Stamp();
    private final ByteSink forms = new ByteSink(4 << 10);
    private final ByteSink positions = new ByteSink(4 << 10);
    private final ByteSink differences = new ByteSink(4 << 10);
    private int misses;
    private int lastForm;
    private int lastPosition;
    private int form;
    private int position;
    private long value;

    /** Takes the dates out of lines: fills {@code rest} with what is left of them. Returns how many bytes were cut. */
    int cut(long[] times, int[] lengths, int rows, byte[] lines, ByteSink rest) {
        forms.reset();
        positions.reset();
        differences.reset();
        rest.reset();
        misses = 0;
        lastForm = 0;
        int saved = 0;
        int at = 0;
        int copied = 0;
        for (int i = 0; i < rows; i++) {
            int end = at + lengths[i];
            if (find(lines, at, end, times[i])) {
                int n = Stamp.length(form);
                forms.u8(form);
                positions.varint(position);
                differences.zigzag(value - Stamp.steps(times[i], form));
                // from one date to the next at once
                rest.bytes(lines, copied, at + position - copied);
                copied = at + position + n;
                saved += n;
            } else {
                forms.u8(0);
            }
            at = end;
        }
        rest.bytes(lines, copied, at - copied);
        return saved;
    }

    /** Appends the column for the lines of the last {@link #cut}. */
    void encode(ByteSink out) {
        out.bytes(forms.array(), 0, forms.size());
        out.bytes(positions.array(), 0, positions.size());
        out.bytes(differences.array(), 0, differences.size());
    }

    /** Finds the date of a line: sets {@link #form}, {@link #position} and {@link #value}. */
    private boolean find(byte[] b, int from, int end, long time) {
        if (lastForm != 0 && take(b, from, end, lastPosition, lastForm, time)) {
            return true;
        }
        return search(b, from, end, time);
    }

    /** Finds a date of another form or at another place than that of the line before. */
    private boolean search(byte[] b, int from, int end, long time) {
        if (misses >= PATIENCE && ++misses % SAMPLE != 0) {
            return false;
        }
        if (end - from >= 13
                && b[from + 6] == ' '
                && Stamp.isDigit(b[from])
                && take(b, from, end, 0, Stamp.DIGITS, time)) {
            return true;
        }
        int limit = Math.min(end - 5, from + REACH);
        for (int i = from + 2; i < limit; i++) {
            if (b[i] == ':' && b[i + 3] == ':' && Stamp.isDigit(b[i + 1]) && around(b, from, end, i - 2, time)) {
                return true;
            }
        }
        misses++;
        return false;
    }

    /** Tries what may stand around the time of day at {@code t}. */
    private boolean around(byte[] b, int from, int end, int t, long time) {
        if (t - from < 7) {
            return false;
        }
        int layout;
        if (b[t - 1] == 'T') {
            layout = Stamp.ISO_T;
        } else if (b[t - 1] == ':') {
            layout = Stamp.ACCESS_LOG;
        } else if (b[t - 4] == '-') {
            layout = Stamp.ISO_SPACE;
        } else if (b[t - 4] == ' ') {
            return take(b, from, end, t - 7 - from, Stamp.ASCTIME, time)
                    || take(b, from, end, t - 7 - from, Stamp.SYSLOG, time);
        } else {
            return takeWithFraction(b, from, end, t - 11 - from, Stamp.SLASHES, time)
                    || takeWithFraction(b, from, end, t - 9 - from, Stamp.SHORT_YEAR, time);
        }
        int p = t - from - (layout == Stamp.ACCESS_LOG ? 12 : 11);
        return takeWithFraction(b, from, end, p, layout, time);
    }

    private boolean takeWithFraction(byte[] b, int from, int end, int p, int layout, long time) {
        if (p < 0) {
            return false;
        }
        int fraction = Stamp.fractionAt(b, from + p + Stamp.LAYOUTS[layout].length(), end);
        return take(b, from, end, p, Stamp.form(layout, fraction), time);
    }

    private boolean take(byte[] b, int from, int end, int p, int wanted, long time) {
        if (p < 0) {
            return false;
        }
        long v = stamp.parse(b, from + p, end, wanted, time);
        if (v < 0) {
            return false;
        }
        form = wanted;
        position = p;
        value = v;
        lastForm = wanted;
        lastPosition = p;
        misses = 0;
        return true;
    }

    /**
     * Puts the dates back into lines.
     *
     * @param in the column
     * @param lines where the lines come to stand, from 0 on; what is left of them stands at its end, at {@code rest}
     * @param end end of the lines
     */
    static void restore(ByteSource in, long[] times, int[] offsets, int rows, byte[] lines, int rest, int end)
            throws CorruptData {
        Stamp stamp = new Stamp();
        byte[] forms = in.raw(rows);
        int stamped = 0;
        int known = 0;
        for (int i = 0; i < rows; i++) {
            int form = forms[i] & 0xff;
            if (form != 0) {
                if (form != known && !Stamp.isForm(form)) {
                    throw in.corrupt("unknown form " + form + " of a date");
                }
                known = form;
                stamped++;
            }
        }
        long[] positions = new long[stamped];
        in.varints(positions, 0, stamped);
        long[] differences = new long[stamped];
        in.varints(differences, 0, stamped);
        in.expectEnd();
        int from = rest;
        int k = 0;
        for (int i = 0; i < rows; i++) {
            int to = offsets[i];
            int length = offsets[i + 1] - to;
            int form = forms[i] & 0xff;
            if (form == 0) {
                if (length > end - from) {
                    throw in.corrupt("lines are longer than their column");
                }
                System.arraycopy(lines, from, lines, to, length);
                from += length;
                continue;
            }
            int n = Stamp.length(form);
            long position = positions[k];
            long value = ByteSource.unzigzag(differences[k++]) + Stamp.steps(times[i], form);
            if (position < 0 || position > length - n || length - n > end - from || !Stamp.inRange(value, form)) {
                throw in.corrupt("date of row " + i + " does not fit into its line");
            }
            int before = (int) position;
            int after = length - n - before;
            // what is left of the lines is never before where they come to stand, so that nothing is overwritten before
            // it is moved
            System.arraycopy(lines, from, lines, to, before);
            from += before;
            stamp.write(value, form, lines, to + before);
            System.arraycopy(lines, from, lines, to + before + n, after);
            from += after;
        }
        if (from != end) {
            throw in.corrupt((end - from) + " bytes of lines too many");
        }
    }
}
