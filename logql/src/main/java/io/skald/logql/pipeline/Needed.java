/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which labels parsers must extract: all, some, or none at all. Immutable.
 *
 * @param names the wanted ones, or null for all
 */
record Needed(@Nullable Set<String> names) {
    static final Needed ALL = new Needed(null);

    static Needed only(Set<String> wanted) {
        Set<String> names = new HashSet<>();
        for (String name : wanted) {
            names.add(name);
            if (name.endsWith(LineState.EXTRACTED)) {
                names.add(name.substring(0, name.length() - LineState.EXTRACTED.length()));
            }
        }
        return new Needed(Set.copyOf(names));
    }

    boolean all() {
        return names == null;
    }

    /** Whether a parser has nothing to do. */
    boolean none() {
        return names != null && names.isEmpty();
    }

    boolean contains(String name) {
        return names != null && names.contains(name);
    }

    boolean wants(String name) {
        return names == null || names.contains(name) || names.contains(name + LineState.EXTRACTED);
    }

    /** The bytes that a key may begin with that becomes a label which is wanted. */
    boolean[] firsts() {
        boolean[] firsts = new boolean[256];
        // some white space beyond ASCII is stripped
        Arrays.fill(firsts, 0x80, 256, true);
        Set<String> wanted = names;
        for (String n : wanted == null ? Set.of("_") : wanted) {
            char c = n.isEmpty() ? '_' : n.charAt(0);
            if (c == '_' || c >= 0x80) {
                // what is no letter becomes an underscore
                Arrays.fill(firsts, true);
            } else {
                firsts[c] = true;
            }
        }
        return firsts;
    }

    boolean wantsBelow(String prefix) {
        if (names == null) {
            return true;
        }
        for (String n : names) {
            if (n.startsWith(prefix)) {
                return true;
            }
        }
        return false;
    }

    /** Whether the query asks for errors, so that one must not fail it. */
    boolean preservesErrors() {
        return names != null && names.contains(LineState.ERROR);
    }
}
