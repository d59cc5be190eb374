/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;

/** What each stage of a query did: lines in, lines out, time. Thread-safe. */
public final class StageProfile {
    private final List<Row> rows = new CopyOnWriteArrayList<>();

    /** One stage, in the order of execution. */
    public static final class Row {
        private final String stage;
        private final LongAdder in = new LongAdder();
        private final LongAdder out = new LongAdder();
        private final LongAdder nanos = new LongAdder();

        private Row(String stage) {
            this.stage = stage;
        }

        /** The stage as query text. */
        public String stage() {
            return stage;
        }

        public long linesIn() {
            return in.sum();
        }

        public long linesOut() {
            return out.sum();
        }

        /** Time in the stage, summed up over threads. */
        public long nanos() {
            return nanos.sum();
        }
    }

    public List<Row> rows() {
        return List.copyOf(rows);
    }

    StepFactory watch(String stage, StepFactory factory) {
        Row row = new Row(stage);
        rows.add(row);
        return labels -> {
            Step step = factory.forStream(labels);
            return state -> {
                long begin = System.nanoTime();
                boolean kept = step.apply(state);
                row.nanos.add(System.nanoTime() - begin);
                row.in.increment();
                if (kept) {
                    row.out.increment();
                }
                return kept;
            };
        };
    }
}
