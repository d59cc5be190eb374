/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.metric;

import io.skald.core.model.Labels;
import java.util.Set;

/** Chooses labels: those of a list, or all but those of a list. */
final class Groups {
    private Groups() {}

    static Labels only(Labels labels, Set<String> names) {
        return select(labels, names, true);
    }

    static Labels without(Labels labels, Set<String> names) {
        return select(labels, names, false);
    }

    private static Labels select(Labels labels, Set<String> names, boolean keep) {
        if (names.isEmpty()) {
            return keep ? Labels.EMPTY : labels;
        }
        Labels.Builder b = new Labels.Builder();
        for (int i = 0; i < labels.size(); i++) {
            if (names.contains(labels.name(i)) == keep) {
                b.set(labels.name(i), labels.value(i));
            }
        }
        return b.build();
    }
}
