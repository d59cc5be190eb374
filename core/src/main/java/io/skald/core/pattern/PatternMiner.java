/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.pattern;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Sorts lines into patterns while they come. Lines are compared with the patterns of the same skeleton ({@link LineShape}) word by word;
 * a line that fits none begins a new one. The number of patterns is bounded: beyond it those with the fewest lines are given up, and their
 * lines are counted as of no pattern. So the counts of all patterns together with those of none are the number of lines, always. Confined
 * to one thread.
 */
public final class PatternMiner {
    /** What stands for a part that varies; alone it stands for the lines that match no pattern. */
    public static final String ANYTHING = "<_>";

    /** Patterns kept at once. */
    static final int MAX_CLUSTERS = 300;

    /** Patterns that differ in the same one word only, from which on this word is taken to vary. */
    private static final int MANY_WORDS = 15;

    private final Map<Long, List<Cluster>> bySkeleton = new HashMap<>();
    private final StepCounts unmatched = new StepCounts();
    private final LineShape shape = new LineShape();
    private final PatternTree tree = new PatternTree();
    private final int freeBytes;
    private final int share;
    private int size;
    private long lines;

    /** Bytes of all lines, and of those that were cut into words. */
    private long lineBytes;

    private long spent;

    /** Whether the tree lacks what was taken over from elsewhere. */
    private boolean staleTree;

    /** A miner that looks at every line. */
    public PatternMiner() {
        this(Integer.MAX_VALUE, 1);
    }

    /**
     * A miner that looks for new patterns among so many bytes of lines that match none, and beyond that among a share of all; other lines
     * are counted as of no pattern.
     */
    PatternMiner(int freeBytes, int share) {
        this.freeBytes = freeBytes;
        this.share = share;
    }

    /**
     * A pattern with its lines.
     *
     * @param pattern text with {@link #ANYTHING} for what varies
     * @param steps where there are lines, ascending, as they were given to {@link #add}
     * @param counts lines in each of them; parallel, the caller must not change either
     */
    public record Mined(String pattern, long[] steps, long[] counts) {
        /** All lines. */
        public long total() {
            long n = 0;
            for (long c : counts) {
                n += c;
            }
            return n;
        }
    }

    /**
     * Counts a line.
     *
     * @param step the place in time that it is counted at
     */
    public void add(byte[] b, int from, int to, long step) {
        lines++;
        lineBytes += to - from;
        if (staleTree) {
            tree.rebuild(clusters());
            staleTree = false;
        }
        if (to - from <= LineShape.MAX_BYTES) {
            Cluster known = tree.find(b, from, to);
            if (known != null) {
                known.counts.add(step);
                known.lastLine = lines;
                return;
            }
        }
        if (spent > freeBytes + lineBytes / share) {
            unmatched.add(step);
            return;
        }
        spent += to - from;
        shape.read(b, from, to);
        List<Cluster> same = bySkeleton.computeIfAbsent(shape.skeleton, k -> new ArrayList<>(1));
        Cluster best = null;
        double most = 0;
        for (int i = 0; i < same.size() && most < 1; i++) {
            double s = same.get(i).similarity(shape);
            if (s > most) {
                most = s;
                best = same.get(i);
            }
        }
        if (best == null) {
            best = new Cluster(shape, b, from);
            best.counts.add(step);
            best.lastLine = lines;
            insert(best, same);
            return;
        }
        if (best.widen(shape)) {
            put(best);
        }
        best.counts.add(step);
        best.lastLine = lines;
    }

    private void put(Cluster c) {
        if (staleTree) {
            return;
        }
        tree.put(c);
        if (tree.sparse()) {
            tree.rebuild(clusters());
        }
    }

    /** Takes over all that another miner has found; that one must not be used any more. */
    public void absorb(PatternMiner other) {
        unmatched.add(other.unmatched);
        for (Cluster c : other.clusters()) {
            c.lastLine += lines;
            merge(c);
        }
        lines += other.lines;
    }

    /** Takes over a pattern; it must not be used any more. */
    void absorb(Cluster c) {
        lines += c.counts.total();
        c.lastLine = lines;
        merge(c);
    }

    /** Takes over lines that match no pattern. */
    void absorb(StepCounts none) {
        unmatched.add(none);
        lines += none.total();
    }

    private void merge(Cluster c) {
        // many may come, and no line be looked at in between
        staleTree = true;
        List<Cluster> same = bySkeleton.computeIfAbsent(c.skeleton, k -> new ArrayList<>(1));
        Cluster best = null;
        double most = 0;
        for (int i = 0; i < same.size() && most < 1; i++) {
            double s = same.get(i).similarity(c);
            if (s > most) {
                most = s;
                best = same.get(i);
            }
        }
        if (best == null) {
            insert(c, same);
        } else {
            best.absorb(c);
        }
    }

    private void insert(Cluster added, List<Cluster> same) {
        if (same.size() >= MANY_WORDS && join(added, same)) {
            return;
        }
        same.add(added);
        size++;
        added.place = null;
        put(added);
        if (size > MAX_CLUSTERS) {
            giveUpSmallest();
        }
    }

    /** Where many patterns differ in one word only, makes them one. */
    private boolean join(Cluster added, List<Cluster> same) {
        Map<Integer, List<Cluster>> byWord = new TreeMap<>();
        for (Cluster c : same) {
            int w = c.onlyDifference(added);
            if (w >= 0) {
                byWord.computeIfAbsent(w, k -> new ArrayList<>()).add(c);
            }
        }
        for (List<Cluster> alike : byWord.values()) {
            if (alike.size() >= MANY_WORDS) {
                Cluster first = alike.getFirst();
                for (Cluster c : alike.subList(1, alike.size())) {
                    first.absorb(c);
                    tree.remove(c);
                    same.remove(c);
                    size--;
                }
                first.absorb(added);
                put(first);
                return true;
            }
        }
        return false;
    }

    /** Makes room: the third with the fewest lines, of these the ones not seen for longest. */
    private void giveUpSmallest() {
        List<Cluster> all = clusters();
        all.sort(Comparator.<Cluster>comparingLong(c -> c.counts.total()).thenComparingLong(c -> c.lastLine));
        for (Cluster c : all.subList(0, MAX_CLUSTERS / 3)) {
            unmatched.add(c.counts);
            tree.remove(c);
            List<Cluster> same = bySkeleton.get(c.skeleton);
            if (same != null) {
                same.remove(c);
            }
            size--;
        }
        for (Iterator<List<Cluster>> i = bySkeleton.values().iterator(); i.hasNext(); ) {
            if (i.next().isEmpty()) {
                i.remove();
            }
        }
    }

    /** In the order in which they were last seen, so that nothing depends on the order of a hash table. */
    List<Cluster> clusters() {
        List<Cluster> all = new ArrayList<>(size);
        bySkeleton.values().forEach(all::addAll);
        all.sort(Comparator.comparingLong(c -> c.lastLine));
        return all;
    }

    /** Lines that match no pattern. */
    StepCounts unmatched() {
        return unmatched;
    }

    /** The patterns, those with the most lines first; where lines match none, also {@link #ANYTHING}. */
    public List<Mined> mined() {
        Map<String, StepCounts> byText = new TreeMap<>();
        if (unmatched.total() > 0) {
            byText.computeIfAbsent(ANYTHING, k -> new StepCounts()).add(unmatched);
        }
        for (Cluster c : clusters()) {
            byText.computeIfAbsent(c.pattern(), k -> new StepCounts()).add(c.counts);
        }
        List<Mined> out = new ArrayList<>(byText.size());
        byText.forEach((text, n) -> out.add(new Mined(text, n.steps(), n.counts())));
        out.sort(Comparator.comparingLong(Mined::total).reversed());
        return out;
    }
}
