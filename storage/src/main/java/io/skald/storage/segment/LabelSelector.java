/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.segment;

import io.skald.core.model.Labels;
import io.skald.core.model.Matcher;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Matchers that remember what they found of each label value, as the same few values come again in every segment. Confined to one thread
 * and one query.
 */
public final class LabelSelector {
    /** Values remembered per matcher; beyond it (request ids as labels) remembering does not pay. */
    private static final int MAX_REMEMBERED = 100_000;

    private final Matcher[] matchers;
    private final List<Map<String, Boolean>> known;

    public LabelSelector(List<Matcher> matchers) {
        this.matchers = matchers.toArray(new Matcher[0]);
        this.known = matchers.stream()
                .map(m -> (Map<String, Boolean>) new HashMap<String, Boolean>())
                .toList();
    }

    /** Whether all matchers hold. */
    public boolean matches(Labels labels) {
        for (int i = 0; i < matchers.length; i++) {
            Matcher m = matchers[i];
            String value = labels.getOrEmpty(m.name());
            boolean ok = switch (m.op()) {
                case EQUAL, NOT_EQUAL -> m.matches(value);
                case REGEX, NOT_REGEX -> remembered(known.get(i), m, value);
            };
            if (!ok) {
                return false;
            }
        }
        return true;
    }

    private static boolean remembered(Map<String, Boolean> known, Matcher m, String value) {
        Boolean b = known.get(value);
        if (b == null) {
            b = m.matches(value);
            if (known.size() < MAX_REMEMBERED) {
                known.put(value, b);
            }
        }
        return b;
    }
}
