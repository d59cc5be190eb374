/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import io.skald.core.model.Labels;
import io.skald.core.scan.Requirement;
import io.skald.core.scan.ScanRequest;
import java.util.List;

/**
 * The stages of one log query, compiled once. Thread-safe; makes a {@link LinePipeline} for each stream. Made by {@code Pipelines.compile}.
 */
public interface CompiledPipeline {
    LinePipeline forStream(Labels streamLabels);

    /** What an entry must have to survive, as far as the stages say so without being run. */
    List<Requirement> requirements();

    /** What the stages read of an entry. A log query needs the line anyway; a metric query may not. */
    ScanRequest.Columns columns();
}
