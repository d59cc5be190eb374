/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.tail;

import io.skald.agent.discover.Glob;
import io.skald.core.model.Labels;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Files of a job that have their labels in common.
 *
 * @param globs which files
 * @param exclude which not, or null
 * @param labels of their streams, besides the file's name
 * @param metadata of their entries
 * @param waitNanos how long they wait before they are read, as more may be known of them soon; 0 if everything is known
 */
public record Target(
        FileJob job, List<Glob> globs, @Nullable Glob exclude, Labels labels, Labels metadata, long waitNanos) {
    /** Files of which everything is known. */
    public Target(FileJob job, List<Glob> globs, @Nullable Glob exclude, Labels labels, Labels metadata) {
        this(job, globs, exclude, labels, metadata, 0);
    }

    /** Whether more may be known of them soon. */
    boolean provisional() {
        return waitNanos > 0;
    }

    /** The labels of a file's streams. */
    Labels labelsOf(String path) {
        return job.filenameLabel() ? labels.toBuilder().set("filename", path).build() : labels;
    }

    /** Whether a file is one of them. */
    boolean matches(Path file) {
        Glob not = exclude;
        return globs.stream().anyMatch(g -> g.matches(file)) && (not == null || !not.matches(file));
    }

    public Target {
        globs = List.copyOf(globs);
    }
}
