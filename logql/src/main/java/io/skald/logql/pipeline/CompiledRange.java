/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import io.skald.core.model.Labels;
import io.skald.core.scan.Requirement;
import io.skald.core.scan.ScanRequest;
import io.skald.core.scan.Tally;
import java.util.List;

/** A log range with its aggregation, compiled once: as {@link CompiledPipeline}, but for samples. Thread-safe. */
public interface CompiledRange {
    SamplePipeline forStream(Labels streamLabels);

    /**
     * The same for who has done with another stream in the same thread: {@link SamplePipeline#seriesNumber} of both goes on from one to the other.
     *
     * @param before made by this, and not to be used any more
     */
    SamplePipeline forStream(Labels streamLabels, SamplePipeline before);

    /** As {@link CompiledPipeline#requirements}. */
    List<Requirement> requirements();

    /** What must be read of an entry to make its sample. */
    ScanRequest.Columns columns();

    /**
     * Whether a tally knows all that makes a sample: then {@link SamplePipeline#process} may be given a cell's level as metadata and an empty
     * line, and its sample counts for all lines of the cell.
     */
    boolean countable(Labels streamLabels, Tally tally);

    /** Whether that may ever be so. */
    boolean countable();
}
