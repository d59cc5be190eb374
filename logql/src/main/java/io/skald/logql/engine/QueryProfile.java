/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.engine;

import io.skald.logql.pipeline.StageProfile;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** How long the parts of one query took, and what its stages did. Thread-safe. */
public final class QueryProfile {
    private final LongAdder openNanos = new LongAdder();
    private final LongAdder readNanos = new LongAdder();
    private final @Nullable StageProfile stages;

    private QueryProfile(@Nullable StageProfile stages) {
        this.stages = stages;
    }

    /** Times the parts only, which costs nothing. */
    static QueryProfile coarse() {
        return new QueryProfile(null);
    }

    /** Looks at each stage for each line, which costs more than many a stage does itself. */
    public static QueryProfile ofStages() {
        return new QueryProfile(new StageProfile());
    }

    void opened(long nanos) {
        openNanos.add(nanos);
    }

    void read(long nanos) {
        readNanos.add(nanos);
    }

    /** Time to find out what there is to read: index, directories. */
    public long openNanos() {
        return openNanos.sum();
    }

    /** Time to read and to run the stages, by the clock, not by threads. */
    public long readNanos() {
        return readNanos.sum();
    }

    /** The stages, or null if they were not looked at. */
    public @Nullable StageProfile stages() {
        return stages;
    }
}
