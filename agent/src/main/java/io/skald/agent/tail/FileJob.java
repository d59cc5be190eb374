/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.tail;

import io.skald.agent.pipeline.JobPipeline;

/**
 * What is done with the files of a scrape job.
 *
 * @param name of the job; states of files are kept by it
 * @param pipeline what happens to lines
 * @param filenameLabel whether streams get the label {@code filename}
 * @param origin whether entries say in metadata which generation of a file they are from
 */
public record FileJob(String name, JobPipeline pipeline, boolean filenameLabel, boolean origin) {}
