/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import io.skald.core.model.Matcher;
import io.skald.logql.ast.LabelFilter;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/** Compiles conditions on labels. */
final class LabelFilters {
    static final String FILTER_ERROR = "LabelFilterErr";

    private LabelFilters() {}

    /** A step for one thread. */
    static Step step(LabelFilter filter) {
        return switch (filter) {
            case LabelFilter.StringFilter f -> string(f.matcher());
            case LabelFilter.NumberFilter f -> new NumberStep(f);
            case LabelFilter.DurationFilter f -> new DurationStep(f);
            case LabelFilter.BytesFilter f -> new BytesStep(f);
            case LabelFilter.IpFilter f -> ip(f);
            case LabelFilter.And f -> {
                Step left = step(f.left());
                Step right = step(f.right());
                yield s -> left.apply(s) && right.apply(s);
            }
            case LabelFilter.Or f -> {
                Step left = step(f.left());
                Step right = step(f.right());
                yield s -> left.apply(s) || right.apply(s);
            }
        };
    }

    /** The labels that a condition reads. */
    static void addNames(LabelFilter filter, Set<String> names) {
        switch (filter) {
            case LabelFilter.StringFilter f -> names.add(f.matcher().name());
            case LabelFilter.NumberFilter f -> names.add(f.label());
            case LabelFilter.DurationFilter f -> names.add(f.label());
            case LabelFilter.BytesFilter f -> names.add(f.label());
            case LabelFilter.IpFilter f -> names.add(f.label());
            case LabelFilter.And f -> {
                addNames(f.left(), names);
                addNames(f.right(), names);
            }
            case LabelFilter.Or f -> {
                addNames(f.left(), names);
                addNames(f.right(), names);
            }
        }
    }

    private static Step string(Matcher matcher) {
        String name = matcher.name();
        if (comparesBytes(matcher)) {
            byte[] value = matcher.value().getBytes(StandardCharsets.UTF_8);
            boolean equal = matcher.op() == Matcher.Op.EQUAL;
            return s -> {
                int slot = s.slot(name);
                if (slot >= 0 && s.isPlainSlice(slot)) {
                    return ByteKeys.equal(value, s.sliceBuffer(slot), s.sliceOffset(slot), s.sliceLength(slot))
                            == equal;
                }
                String v = s.get(name);
                return matcher.matches(v == null ? "" : v);
            };
        }
        return s -> {
            String v = s.get(name);
            return matcher.matches(v == null ? "" : v);
        };
    }

    /** Whether bytes can be compared: not with what bytes that are no UTF-8 turn into, nor with what is no label of a line. */
    private static boolean comparesBytes(Matcher m) {
        return (m.op() == Matcher.Op.EQUAL || m.op() == Matcher.Op.NOT_EQUAL)
                && m.value().indexOf('\ufffd') < 0
                && m.value().chars().noneMatch(c -> Character.isSurrogate((char) c))
                && !m.name().startsWith("__error");
    }

    private static Step ip(LabelFilter.IpFilter f) {
        IpRange range = IpRange.parse(f.range());
        return s -> {
            String v = s.getLabel(f.label());
            return s.hasError() || v != null && range.matchesText(v) != f.negative();
        };
    }

    /**
     * What numeric conditions share: a line without the label is dropped; a line with an earlier error, or whose value cannot be read,
     * survives with the error.
     */
    private abstract static class Numeric implements Step {
        private final String label;
        final Conversion conversion = new Conversion();

        Numeric(String label) {
            // as parsers have it, so that it is found by being the same object
            this.label = label.intern();
        }

        @Override
        public boolean apply(LineState state) {
            int slot = state.slot(label);
            if (slot >= 0 && state.isPlainSlice(slot)) {
                if (state.hasError()) {
                    return true;
                }
                Known known = holdsPlain(state.sliceBuffer(slot), state.sliceOffset(slot), state.sliceLength(slot));
                if (known != Known.UNKNOWN) {
                    return known == Known.TRUE;
                }
            }
            String v = state.getLabel(label);
            if (v == null) {
                return false;
            }
            if (state.hasError()) {
                return true;
            }
            boolean holds = holds(v);
            String error = conversion.error();
            if (error != null) {
                state.fail(FILTER_ERROR, error);
                return true;
            }
            return holds;
        }

        abstract boolean holds(String value);

        /** The same for bytes, as far as that is easily told; most values are plain. */
        abstract Known holdsPlain(byte[] b, int from, int length);
    }

    /** Whether something is known to be so. */
    private enum Known {
        TRUE,
        FALSE,
        UNKNOWN;

        static Known of(boolean b) {
            return b ? TRUE : FALSE;
        }
    }

    private static final class NumberStep extends Numeric {
        private final LabelFilter.NumberFilter filter;

        NumberStep(LabelFilter.NumberFilter filter) {
            super(filter.label());
            this.filter = filter;
        }

        @Override
        boolean holds(String value) {
            return filter.comparison().holds(conversion.number(value), filter.value());
        }

        @Override
        Known holdsPlain(byte[] b, int from, int length) {
            double number = Conversion.plain(b, from, length);
            return number < 0 ? Known.UNKNOWN : Known.of(filter.comparison().holds(number, filter.value()));
        }
    }

    private static final class DurationStep extends Numeric {
        private final LabelFilter.DurationFilter filter;

        DurationStep(LabelFilter.DurationFilter filter) {
            super(filter.label());
            this.filter = filter;
        }

        @Override
        boolean holds(String value) {
            return holds(conversion.durationNanos(value));
        }

        @Override
        Known holdsPlain(byte[] b, int from, int length) {
            long nanos = Conversion.plainDuration(b, from, length);
            return nanos < 0 ? Known.UNKNOWN : Known.of(holds(nanos));
        }

        private boolean holds(long nanos) {
            return filter.comparison().holds(Long.compare(nanos, filter.nanos()), 0);
        }
    }

    private static final class BytesStep extends Numeric {
        private final LabelFilter.BytesFilter filter;

        private final double bound;

        BytesStep(LabelFilter.BytesFilter filter) {
            super(filter.label());
            this.filter = filter;
            this.bound = displayed(filter.bytes());
        }

        /**
         * The size as it is shown to people: two digits in powers of 1000. Clients know that comparisons use this value: 1KiB is 1.0kB, and
         * so equal to 1000.
         */
        private static double displayed(long bytes) {
            double unit = 1;
            while (bytes >= unit * 1000) {
                unit *= 1000;
            }
            if (unit == 1) {
                return bytes;
            }
            double value = Math.floor(bytes / unit * 10 + 0.5) / 10;
            return value < 10 ? Math.round(value * unit) : Math.rint(value) * unit;
        }

        @Override
        boolean holds(String value) {
            return filter.comparison().holds(conversion.bytes(value), bound);
        }

        @Override
        Known holdsPlain(byte[] b, int from, int length) {
            double bytes = Conversion.plain(b, from, length);
            return bytes < 0 ? Known.UNKNOWN : Known.of(filter.comparison().holds(Math.floor(bytes), bound));
        }
    }
}
