/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

/** {@code | pattern "<ip> - <user>"}. */
final class PatternStep implements Step {
    private final LinePattern pattern;
    private final EarlyFilters early;
    /** Of each capture: its name, the name it has where the other is taken, and whether one of both is wanted. */
    private final String[] names;

    private final String[] extracted;
    private final boolean[] wanted;
    /** How many captures must be found to have all that are wanted. */
    private final int most;

    private final int[] captures;

    PatternStep(Needed needed, LinePattern pattern, EarlyFilters early) {
        this.pattern = pattern;
        this.early = early;
        this.names = pattern.names().toArray(String[]::new);
        this.extracted = new String[names.length];
        this.wanted = new boolean[names.length];
        int last = 0;
        for (int i = 0; i < names.length; i++) {
            extracted[i] = (names[i] + LineState.EXTRACTED).intern();
            wanted[i] = needed.wants(names[i]);
            last = wanted[i] ? i + 1 : last;
        }
        this.most = last;
        this.captures = new int[2 * names.length];
    }

    @Override
    public boolean apply(LineState state) {
        if (most == 0) {
            return true;
        }
        int n = pattern.capture(state.buffer(), state.offset(), state.end(), captures, most);
        for (int i = 0; i < n; i++) {
            if (wanted[i]) {
                int from = captures[2 * i];
                String label = state.conflicts(names[i]) ? extracted[i] : names[i];
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
