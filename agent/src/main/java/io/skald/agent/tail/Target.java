/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.tail;

import io.skald.agent.discover.Glob;
import io.skald.core.model.Labels;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Files of a job that have their labels in common.
 *
 * @param globs which files
 * @param exclude which not, or null
 * @param labels of their streams, besides the file's name
 * @param metadata of their entries
 * @param provisional whether more may be known of them soon: they wait a little before they are read
 */
public record Target(
        FileJob job, List<Glob> globs, @Nullable Glob exclude, Labels labels, Labels metadata, boolean provisional) {
    /** Files of which everything is known. */
    public Target(FileJob job, List<Glob> globs, @Nullable Glob exclude, Labels labels, Labels metadata) {
        this(job, globs, exclude, labels, metadata, false);
    }

    public Target {
        globs = List.copyOf(globs);
    }
}
