/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An immutable set of labels, sorted by name in code-point order of UTF-8 (for label names, which are ASCII in practice, the order of
 * {@link String#compareTo}). Names are unique. A label with an empty value is the same as no label: it is not held, except where a stage of
 * a pipeline made it and the answer must show it, see {@link Builder#put}.
 *
 * <p>Used for a stream's labels, for an entry's structured metadata and for the labels of a series in a metric result.
 */
public final class Labels implements Comparable<Labels> {
    /** No labels at all. */
    public static final Labels EMPTY = new Labels(new String[0]);

    /** name, value, name, value, … sorted by name. */
    private final String[] pairs;

    private int hash;
    private long fingerprint;

    private Labels(String[] pairs) {
        this.pairs = pairs;
    }

    /**
     * Labels from alternating names and values in any order.
     *
     * @throws IllegalArgumentException if the count is odd or a name occurs twice
     */
    public static Labels of(String... namesAndValues) {
        if (namesAndValues.length % 2 != 0) {
            throw new IllegalArgumentException("names and values must alternate: " + Arrays.toString(namesAndValues));
        }
        Builder b = new Builder();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            if (b.get(namesAndValues[i]) != null) {
                throw new IllegalArgumentException("duplicate label name: " + namesAndValues[i]);
            }
            b.set(namesAndValues[i], namesAndValues[i + 1]);
        }
        return b.build();
    }

    /** Labels from a map; entries with an empty value are left out. */
    public static Labels of(Map<String, String> map) {
        Builder b = new Builder();
        map.forEach(b::set);
        return b.build();
    }

    public int size() {
        return pairs.length / 2;
    }

    public boolean isEmpty() {
        return pairs.length == 0;
    }

    /** The name of the i-th label in sorted order. */
    public String name(int i) {
        return pairs[2 * i];
    }

    /** The value of the i-th label in sorted order. */
    public String value(int i) {
        return pairs[2 * i + 1];
    }

    /** The value of a label, or null when there is no such label. */
    public @Nullable String get(String name) {
        int i = indexOf(name);
        return i < 0 ? null : pairs[2 * i + 1];
    }

    /** The value of a label, or the empty string when there is no such label (how matchers see it). */
    public String getOrEmpty(String name) {
        String v = get(name);
        return v == null ? "" : v;
    }

    public boolean has(String name) {
        return indexOf(name) >= 0;
    }

    /** The position of a label in sorted order, or -1 when there is no such label. */
    public int indexOf(String name) {
        int lo = 0;
        int hi = size() - 1;
        while (lo <= hi) {
            int mid = (lo + hi) >>> 1;
            int c = pairs[2 * mid].compareTo(name);
            if (c == 0) {
                return mid;
            }
            if (c < 0) {
                lo = mid + 1;
            } else {
                hi = mid - 1;
            }
        }
        return -1;
    }

    /**
     * A 64-bit hash of the sorted labels, stable across processes and versions (it is written to disk). It can collide: compare the labels
     * too.
     */
    public long fingerprint() {
        long f = fingerprint;
        if (f == 0) {
            f = 0xcbf29ce484222325L;
            for (String s : pairs) {
                for (int i = 0; i < s.length(); i++) {
                    f = (f ^ s.charAt(i)) * 0x100000001b3L;
                }
                f = (f ^ 0xffff) * 0x100000001b3L;
            }
            // finalizer of SplitMix64: FNV alone spreads short strings badly over the high bits
            f = (f ^ (f >>> 30)) * 0xbf58476d1ce4e5b9L;
            f = (f ^ (f >>> 27)) * 0x94d049bb133111ebL;
            f ^= f >>> 31;
            fingerprint = f;
        }
        return f;
    }

    /** A builder that starts from these labels. */
    public Builder toBuilder() {
        Builder b = new Builder();
        for (int i = 0; i < pairs.length; i += 2) {
            b.put(pairs[i], pairs[i + 1]);
        }
        return b;
    }

    /** A new mutable, sorted map of these labels. */
    public Map<String, String> toMap() {
        Map<String, String> m = new TreeMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            m.put(pairs[i], pairs[i + 1]);
        }
        return m;
    }

    /** The label names in sorted order. */
    public List<String> names() {
        List<String> names = new ArrayList<>(size());
        for (int i = 0; i < size(); i++) {
            names.add(name(i));
        }
        return names;
    }

    @Override
    public int compareTo(Labels o) {
        int n = Math.min(pairs.length, o.pairs.length);
        for (int i = 0; i < n; i++) {
            int c = pairs[i].compareTo(o.pairs[i]);
            if (c != 0) {
                return c;
            }
        }
        return Integer.compare(pairs.length, o.pairs.length);
    }

    @Override
    public boolean equals(@Nullable Object o) {
        return this == o || o instanceof Labels l && hashCode() == l.hashCode() && Arrays.equals(pairs, l.pairs);
    }

    @Override
    public int hashCode() {
        int h = hash;
        if (h == 0) {
            h = Arrays.hashCode(pairs);
            hash = h;
        }
        return h;
    }

    /** The form that LogQL and Prometheus print: {@code {app="web", level="info"}}. */
    @Override
    public String toString() {
        StringBuilder sb = new StringBuilder("{");
        for (int i = 0; i < pairs.length; i += 2) {
            if (i > 0) {
                sb.append(", ");
            }
            sb.append(pairs[i]).append('=');
            Quote.appendQuoted(sb, pairs[i + 1]);
        }
        return sb.append('}').toString();
    }

    /** Collects labels; a later {@code set} of a name replaces the earlier. Confined to one thread. */
    public static final class Builder {
        private String[] pairs = new String[16];
        private int length;

        /** Sets a label; an empty value removes it. */
        public Builder set(String name, String value) {
            Objects.requireNonNull(name, "name");
            Objects.requireNonNull(value, "value");
            int i = find(name);
            if (i >= 0) {
                if (value.isEmpty()) {
                    System.arraycopy(pairs, i + 2, pairs, i, length - i - 2);
                    length -= 2;
                } else {
                    pairs[i + 1] = value;
                }
                return this;
            }
            if (!value.isEmpty()) {
                insert(-i - 1, name, value);
            }
            return this;
        }

        /** Sets a label and holds it even if its value is empty. For what stages of a pipeline make; never for streams and metadata. */
        public Builder put(String name, String value) {
            Objects.requireNonNull(name, "name");
            Objects.requireNonNull(value, "value");
            int i = find(name);
            if (i >= 0) {
                pairs[i + 1] = value;
            } else {
                insert(-i - 1, name, value);
            }
            return this;
        }

        private void insert(int at, String name, String value) {
            if (length == pairs.length) {
                pairs = Arrays.copyOf(pairs, length * 2);
            }
            System.arraycopy(pairs, at, pairs, at + 2, length - at);
            pairs[at] = name;
            pairs[at + 1] = value;
            length += 2;
        }

        public Builder remove(String name) {
            return set(name, "");
        }

        public @Nullable String get(String name) {
            int i = find(name);
            return i < 0 ? null : pairs[i + 1];
        }

        public Labels build() {
            return length == 0 ? EMPTY : new Labels(Arrays.copyOf(pairs, length));
        }

        /** The index of the pair, or -(insertion index) - 1. */
        private int find(String name) {
            // appending in order is the common case
            if (length == 0 || pairs[length - 2].compareTo(name) < 0) {
                return -length - 1;
            }
            for (int i = 0; i < length; i += 2) {
                int c = pairs[i].compareTo(name);
                if (c == 0) {
                    return i;
                }
                if (c > 0) {
                    return -i - 1;
                }
            }
            return -length - 1;
        }
    }
}
