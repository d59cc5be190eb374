/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import java.util.List;

/** {@code | pattern "<ip> - <user>"}. */
final class PatternStep implements Step {
    private final Needed needed;
    private final LinePattern pattern;
    private final EarlyFilters early;
    private final List<String> names;
    private final int[] captures;

    PatternStep(Needed needed, LinePattern pattern, EarlyFilters early) {
        this.needed = needed;
        this.pattern = pattern;
        this.early = early;
        this.names = pattern.names();
        this.captures = new int[2 * names.size()];
    }

    @Override
    public boolean apply(LineState state) {
        if (needed.none()) {
            return true;
        }
        int n = pattern.capture(state.buffer(), state.offset(), state.end(), captures);
        for (int i = 0; i < n; i++) {
            String name = names.get(i);
            if (needed.wants(name)) {
                int from = captures[2 * i];
                String label = state.parsedName(name);
                int size = captures[2 * i + 1] - from;
                if (state.extract(label, state.buffer(), from, size, LineState.Encoding.PLAIN)
                        && early.drops(label, state)) {
                    return false;
                }
            }
        }
        return true;
    }
}
