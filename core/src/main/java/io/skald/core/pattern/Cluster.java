/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.pattern;

import io.skald.core.block.ByteSink;
import io.skald.core.block.ByteSource;
import io.skald.core.model.StoreException.CorruptData;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Lines of one pattern: the words that all of them share, and how many there were. A word that was found to vary never becomes fixed
 * again, so every line that was counted is of the pattern as it is in the end. Confined to one thread.
 */
final class Cluster {
    /** The share of the fixed words that must agree before differing ones are given up. */
    private static final double MIN_SIMILARITY = 0.7;

    /** A word that all lines share. */
    private static final byte FIXED = 0;

    /** The same, of a kind that varies easily: it has a digit. */
    private static final byte FIXED_VARIABLE = 1;

    /** A word that varies among words with digits. */
    private static final byte ANY_VARIABLE = 2;

    /** A word that varies though it looks like a fixed one. Too many of them, and lines would have little in common. */
    private static final byte ANY = 3;

    final long skeleton;
    final StepCounts counts = new StepCounts();
    private final long[] hashes;
    private final byte[] states;
    private final byte[] sample;
    private final int[] starts;
    private final int[] ends;
    private final boolean cut;

    /** Where this is in the tree of its miner, if it is. */
    PatternTree.@Nullable Node place;

    /** The last line that was counted, in the order of all lines. */
    long lastLine;

    Cluster(LineShape shape, byte[] b, int from) {
        this.skeleton = shape.skeleton;
        this.hashes = Arrays.copyOf(shape.hashes, shape.words);
        this.starts = Arrays.copyOf(shape.starts, shape.words);
        this.ends = Arrays.copyOf(shape.ends, shape.words);
        this.sample = Arrays.copyOfRange(b, from, from + shape.length);
        this.cut = shape.cut;
        this.states = new byte[shape.words];
        for (int w = 0; w < states.length; w++) {
            states[w] = shape.variable[w] ? FIXED_VARIABLE : FIXED;
        }
    }

    /**
     * How well a line of the same skeleton fits.
     *
     * @return 1 if only words with digits differ; less if others would have to be given up, of which 0 means that too many would
     */
    double similarity(LineShape shape) {
        int equal = 0;
        int different = 0;
        int any = 0;
        for (int w = 0; w < states.length; w++) {
            byte s = states[w];
            if (s >= ANY_VARIABLE) {
                any += s - ANY_VARIABLE;
            } else if (hashes[w] == shape.hashes[w]) {
                equal++;
            } else if (s == FIXED || !shape.variable[w]) {
                different++;
            }
        }
        return similarity(equal, different, any);
    }

    /** The same for all lines of another cluster. */
    double similarity(Cluster other) {
        int equal = 0;
        int different = 0;
        int any = 0;
        for (int w = 0; w < states.length; w++) {
            byte s = (byte) Math.max(states[w], other.states[w]);
            if (s == ANY) {
                any++;
            } else if (s < ANY_VARIABLE && hashes[w] == other.hashes[w]) {
                equal++;
            } else if (Math.min(states[w], other.states[w]) == FIXED) {
                different++;
            }
        }
        return similarity(equal, different, any);
    }

    private static double similarity(int equal, int different, int any) {
        if (different == 0) {
            return 1;
        }
        double share = (double) equal / (equal + different + any);
        return share >= MIN_SIMILARITY ? share : 0;
    }

    /** The one word that keeps another cluster of the skeleton from being the same; -1 for none, -2 for several. */
    int onlyDifference(Cluster other) {
        int found = -1;
        for (int w = 0; w < states.length; w++) {
            if (states[w] < ANY_VARIABLE && other.states[w] < ANY_VARIABLE && hashes[w] != other.hashes[w]) {
                if (found >= 0) {
                    return -2;
                }
                found = w;
            }
        }
        return found;
    }

    /**
     * Gives up the words in which a line differs.
     *
     * @return whether there were any
     */
    boolean widen(LineShape shape) {
        boolean any = false;
        for (int w = 0; w < states.length; w++) {
            if (states[w] < ANY_VARIABLE && hashes[w] != shape.hashes[w]) {
                states[w] = states[w] == FIXED_VARIABLE && shape.variable[w] ? ANY_VARIABLE : ANY;
                any = true;
            }
        }
        return any;
    }

    /** Puts what lines must look like into a tree; nothing if that is not known to their end. */
    PatternTree.@Nullable Node addTo(PatternTree tree) {
        if (cut) {
            return null;
        }
        PatternTree.Node at = tree.root();
        int from = 0;
        for (int w = 0; w < states.length; w++) {
            if (states[w] >= ANY_VARIABLE) {
                at = at.text(sample, from, starts[w]).gap();
                from = ends[w];
            }
        }
        return at.text(sample, from, sample.length);
    }

    /** Takes over the lines of another cluster of the skeleton, and gives up the words in which it differs. */
    void absorb(Cluster other) {
        for (int w = 0; w < states.length; w++) {
            byte most = (byte) Math.max(states[w], other.states[w]);
            if (most >= ANY_VARIABLE) {
                // a varying number and a fixed word: the word was given up as well
                states[w] = Math.min(states[w], other.states[w]) == FIXED ? ANY : most;
            } else if (hashes[w] != other.hashes[w]) {
                states[w] = states[w] == FIXED_VARIABLE && other.states[w] == FIXED_VARIABLE ? ANY_VARIABLE : ANY;
            }
        }
        counts.add(other.counts);
        lastLine = Math.max(lastLine, other.lastLine);
    }

    /**
     * Appends the pattern without its counts.
     *
     * @param shape of use to check that {@link #decode} will find the same; overwritten
     * @return whether it could be written; if not, nothing was
     */
    boolean encode(ByteSink out, LineShape shape) {
        ByteSink text = new ByteSink(sample.length);
        ByteSink gaps = new ByteSink(32);
        int n = 0;
        int at = 0;
        int last = 0;
        for (int w = 0; w < states.length; w++) {
            if (states[w] >= ANY_VARIABLE) {
                // one letter stands for any word: what was in the first line is of no use and takes room
                text.bytes(sample, at, starts[w] - at);
                text.u8('x');
                at = ends[w];
                gaps.varint((long) (w - last) << 1 | (states[w] == ANY ? 1 : 0));
                last = w;
                n++;
            }
        }
        text.bytes(sample, at, sample.length - at);
        shape.read(text.array(), 0, text.size());
        if (cut) {
            shape.markCut();
        }
        if (shape.skeleton != skeleton || shape.words != states.length) {
            return false;
        }
        out.u8(cut ? 1 : 0);
        out.varint(text.size());
        out.bytes(text.array(), 0, text.size());
        out.varint(n);
        out.bytes(gaps.array(), 0, gaps.size());
        return true;
    }

    /** Reads what {@link #encode} wrote; counts are empty. */
    static Cluster decode(ByteSource in, LineShape shape) throws CorruptData {
        int flags = in.u8();
        byte[] text = in.bytes("pattern", LineShape.MAX_BYTES);
        shape.read(text, 0, text.length);
        if ((flags & 1) != 0) {
            shape.markCut();
        }
        Cluster c = new Cluster(shape, text, 0);
        int gaps = in.count("gaps", c.states.length);
        int w = 0;
        for (int g = 0; g < gaps; g++) {
            int v = in.count("gap", 2 * LineShape.MAX_WORDS + 1);
            w += v >>> 1;
            if (w >= c.states.length) {
                throw in.corrupt("word " + w + " of " + c.states.length);
            }
            c.states[w] = (v & 1) != 0 ? ANY : ANY_VARIABLE;
        }
        return c;
    }

    /** The pattern as text: what varies is {@code <_>}. Bytes that are not UTF-8 are shown as U+FFFD. */
    String pattern() {
        StringBuilder text = new StringBuilder();
        int at = 0;
        for (int w = 0; w < states.length; w++) {
            if (states[w] >= ANY_VARIABLE) {
                literal(text, at, starts[w]);
                text.append(PatternMiner.ANYTHING);
                at = ends[w];
            }
        }
        literal(text, at, sample.length);
        if (cut && text.lastIndexOf(PatternMiner.ANYTHING) != text.length() - PatternMiner.ANYTHING.length()) {
            text.append(PatternMiner.ANYTHING);
        }
        return text.toString();
    }

    private void literal(StringBuilder text, int from, int to) {
        text.append(new String(sample, from, to - from, StandardCharsets.UTF_8));
    }
}
