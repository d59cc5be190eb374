/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a parser knows about a key after it has met it once: its label and whether anybody wants it. Keys of nested objects hang below. A
 * hash table by the bytes of the key, bounded; confined to one thread.
 */
final class KeyNode {
    private static final int MAX_CHILDREN = 1024;

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /** The bytes of the key. */
    private final byte[] key;
    /** The flattened label name; empty for the root. */
    final String name;
    /** Whether a value here becomes a label. */
    final boolean wanted;
    /** Whether values below may become labels. */
    final boolean wantedBelow;

    private final Needed needed;
    /** Which of the two labels that the key may get are wanted. */
    private final boolean wantedAsIs;

    private final boolean wantedExtracted;
    /** The key as it stands in JSON that has no white space: quoted, with a colon. */
    private final byte[] inJson;
    /** Its first and its last eight bytes, and which of the first ones it has. */
    private final long head;

    private final long headMask;
    private final long tail;
    /** The keys that came last as the first below this one and as the next after it, which most often come again. */
    private @Nullable KeyNode first;

    private @Nullable KeyNode next;
    /** Whether it is in the table of the key above. */
    private boolean known;

    private @Nullable String extractedName;
    private @Nullable KeyNode @Nullable [] table;
    private int children;

    private KeyNode(byte[] key, String name, boolean wanted, boolean wantedBelow, Needed needed) {
        this.key = key;
        // those that a query names are found by being the same objects
        this.name = wanted && !needed.all() ? name.intern() : name;
        this.wanted = wanted;
        this.wantedBelow = wantedBelow;
        this.needed = needed;
        this.wantedAsIs = needed.all() || needed.contains(name);
        this.wantedExtracted = needed.all() || needed.contains(name + LineState.EXTRACTED);
        this.inJson = new byte[key.length + 3];
        System.arraycopy(key, 0, inJson, 1, key.length);
        inJson[0] = '"';
        inJson[key.length + 1] = '"';
        inJson[key.length + 2] = ':';
        int n = inJson.length;
        this.headMask = n >= 8 ? -1 : (1L << (8 * n)) - 1;
        byte[] padded = Arrays.copyOf(inJson, Math.max(8, n));
        this.head = (long) LONG.get(padded, 0);
        this.tail = (long) LONG.get(padded, padded.length - 8);
    }

    static KeyNode root(Needed needed) {
        return new KeyNode(new byte[0], "", false, true, needed);
    }

    /** The label for a line, another one where stream or metadata have it already; null if nobody wants it. */
    @Nullable
    String labelFor(LineState state) {
        if (!state.conflicts(name)) {
            return wantedAsIs ? name : null;
        }
        if (!wantedExtracted) {
            return null;
        }
        String e = extractedName;
        if (e == null) {
            e = name + LineState.EXTRACTED;
            extractedName = e;
        }
        return e;
    }

    /**
     * Reads a key of an object of JSON, and its colon.
     *
     * @param before the key before it in the object, or null
     * @return its node, or null if it is no key
     */
    @Nullable
    KeyNode readJsonKey(JsonScanner s, @Nullable KeyNode before) {
        KeyNode likely = likely(before);
        int behind = likely == null ? Integer.MAX_VALUE : likely.behindJsonKey(s.b, s.at, s.end);
        if (likely != null && behind <= s.end) {
            s.at = behind;
            return likely;
        }
        if (!s.string()) {
            return null;
        }
        KeyNode found = child(s.b, s.valueFrom, s.valueTo - s.valueFrom, s.escaped);
        // a line with very many keys must not leave them all behind
        if (found.known && before == null) {
            first = found;
        } else if (found.known && before != null) {
            before.next = found;
        }
        return s.eat(':') ? found : null;
    }

    /** The key below this one that came last where one is expected now: after the given one, or the first if that is null. Null if none did. */
    @Nullable
    KeyNode likely(@Nullable KeyNode before) {
        return before == null ? first : before.next;
    }

    /** Where the value begins if the key stands at a place with its quotes and its colon; else a number beyond {@code end}. */
    int behindJsonKey(byte[] b, int at, int end) {
        int n = inJson.length;
        int behind = at + n;
        if (behind > end) {
            return Integer.MAX_VALUE;
        }
        // most are no longer than two words
        boolean there = n > 16 || at + 8 > b.length
                ? ByteKeys.standsAt(inJson, b, at)
                : ((long) LONG.get(b, at) & headMask) == head && (n <= 8 || (long) LONG.get(b, behind - 8) == tail);
        return there ? behind : Integer.MAX_VALUE;
    }

    /** The node of a key below this one. */
    KeyNode child(byte[] b, int from, int length, boolean escaped) {
        @Nullable KeyNode[] t = table;
        if (t == null) {
            t = new KeyNode[16];
            table = t;
        }
        int mask = t.length - 1;
        int h = ByteKeys.hash(b, from, length) & mask;
        KeyNode n = t[h];
        while (n != null) {
            if (ByteKeys.equal(n.key, b, from, length)) {
                return n;
            }
            h = (h + 1) & mask;
            n = t[h];
        }
        KeyNode made = make(b, from, length, escaped);
        if (children < MAX_CHILDREN) {
            t[h] = made;
            made.known = true;
            if (++children * 2 > t.length) {
                rehash(t);
            }
        }
        return made;
    }

    private KeyNode make(byte[] b, int from, int length, boolean escaped) {
        byte[] bytes = Arrays.copyOfRange(b, from, from + length);
        String text = escaped ? JsonText.unescape(b, from, length) : new String(bytes, StandardCharsets.UTF_8);
        String label = name.isEmpty() ? LabelNames.part(text, true) : name + '_' + LabelNames.part(text, false);
        return new KeyNode(bytes, label, !label.isEmpty() && needed.wants(label), needed.wantsBelow(label), needed);
    }

    private void rehash(@Nullable KeyNode[] old) {
        @Nullable KeyNode[] t = new KeyNode[old.length * 2];
        int mask = t.length - 1;
        for (KeyNode n : old) {
            if (n != null) {
                int h = ByteKeys.hash(n.key, 0, n.key.length) & mask;
                while (t[h] != null) {
                    h = (h + 1) & mask;
                }
                t[h] = n;
            }
        }
        table = t;
    }
}
