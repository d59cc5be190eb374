/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.config;

import io.skald.agent.discover.Discovery;
import io.skald.agent.pipeline.JobPipeline;
import io.skald.agent.receive.SourceSettings;
import io.skald.core.model.Relabel;
import java.util.List;

/**
 * One of {@code scrape_configs}.
 *
 * @param discoveries where its files are
 * @param relabel what becomes of the labels of targets, or of what a source says about its entries
 * @param sources what it takes entries from besides files
 * @param filenameLabel whether streams of files get the label {@code filename}
 * @param origin whether entries of files say which generation of the file they are from
 */
public record ScrapeJob(
        String name,
        JobPipeline pipeline,
        List<Discovery> discoveries,
        List<Relabel> relabel,
        List<SourceSettings> sources,
        boolean filenameLabel,
        boolean origin) {
    public ScrapeJob {
        discoveries = List.copyOf(discoveries);
        relabel = List.copyOf(relabel);
        sources = List.copyOf(sources);
    }
}
