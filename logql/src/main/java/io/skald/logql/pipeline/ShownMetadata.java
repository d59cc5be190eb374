/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import io.skald.core.model.Labels;
import org.jspecify.annotations.Nullable;

/**
 * How the metadata of lines is shown beside the labels of their stream. Remembers that of lines not long ago: lines differ in few things, such as
 * their level. Confined to one thread.
 */
final class ShownMetadata {
    private static final int RECENT = 8;

    private final Labels stream;
    private final @Nullable Labels[] recentRaw = new Labels[RECENT];
    private final Labels[] recentShown = new Labels[RECENT];
    private final long[] recentNames = new long[RECENT];
    private int next;
    private Labels shown = Labels.EMPTY;
    private long names;

    ShownMetadata(Labels stream) {
        this.stream = stream;
    }

    /** The metadata taken last; what is named as a label of the stream has another name. */
    Labels labels() {
        return shown;
    }

    /** A bit for each of its names, the one that the lower six bits of the hash say: most names that are asked for are none of them. */
    long names() {
        return names;
    }

    @SuppressWarnings("ReferenceEquality") // an equal one that is another object only costs time
    void take(Labels raw) {
        for (int i = 0; i < RECENT; i++) {
            if (recentRaw[i] == raw) {
                shown = recentShown[i];
                names = recentNames[i];
                return;
            }
        }
        shown = withoutConflicts(raw);
        names = 0;
        for (int i = 0; i < shown.size(); i++) {
            names |= 1L << shown.name(i).hashCode();
        }
        recentRaw[next] = raw;
        recentShown[next] = shown;
        recentNames[next] = names;
        next = (next + 1) % RECENT;
    }

    private Labels withoutConflicts(Labels m) {
        for (int i = 0; i < m.size(); i++) {
            if (stream.has(m.name(i))) {
                Labels.Builder b = new Labels.Builder();
                for (int j = 0; j < m.size(); j++) {
                    String name = m.name(j);
                    b.set(stream.has(name) ? name + LineState.EXTRACTED : name, m.value(j));
                }
                return b.build();
            }
        }
        return m;
    }
}
