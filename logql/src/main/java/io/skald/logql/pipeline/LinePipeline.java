/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline;

import io.skald.core.model.Labels;
import org.jspecify.annotations.Nullable;

/**
 * A compiled pipeline bound to one stream: takes an entry, says whether it survives, and then shows what became of it. Reuses its buffers:
 * what the accessors return is valid until the next {@code process}, except for {@link String} and {@link Labels} values, which are
 * immutable. Confined to one thread.
 */
public interface LinePipeline {
    /**
     * Runs the stages over one entry.
     *
     * @param buffer holds the line, {@code length} bytes of UTF-8 at {@code offset}; not changed
     * @param metadata the entry's structured metadata
     * @return false if a stage dropped the entry
     */
    boolean process(long timestampNanos, byte[] buffer, int offset, int length, Labels metadata);

    /** The line after the stages. */
    String line();

    /** Length of the line after the stages, bytes of UTF-8. */
    int lineLength();

    /** All labels after the stages: the stream's, structured metadata and what was parsed, {@code __error__} included. */
    Labels labels();

    /** Those of {@link #labels} that are the stream's own. */
    Labels streamLabels();

    /** Those of {@link #labels} that come from structured metadata. */
    Labels metadataLabels();

    /** Those of {@link #labels} that stages made. */
    Labels parsedLabels();

    /** The value of one label after the stages, or null; cheaper than {@link #labels} where only one is needed. */
    @Nullable
    String label(String name);

    /** The {@code __error__} label ({@code JSONParserErr}, …), or null when no stage failed on this entry. */
    @Nullable
    String error();

    /** The {@code __error_details__} label, or null. */
    @Nullable
    String errorDetails();
}
