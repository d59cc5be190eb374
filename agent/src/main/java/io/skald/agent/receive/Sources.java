/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import io.skald.agent.Agent;
import io.skald.agent.config.ScrapeJob;
import io.skald.agent.spool.FileState.Format;
import java.util.ArrayList;
import java.util.List;

/** Makes the sources of a job. */
public final class Sources {
    private Sources() {}

    /** The sources of a job that are no files; not started. */
    public static List<Source> of(ScrapeJob job, Agent agent, ReceiveMetrics metrics) {
        List<Source> all = new ArrayList<>();
        for (SourceSettings s : job.sources()) {
            String name = job.name();
            Intake intake = new Intake(
                    name, job.pipeline(), job.relabel(), s.labels(), Format.PLAIN, agent.collector(), metrics);
            all.add(
                    switch (s) {
                        case SourceSettings.Journal j ->
                            new JournalSource(name, j, intake, agent.cursor("journal/" + name));
                        case SourceSettings.Syslog y -> new SyslogSource(name, y, intake);
                        case SourceSettings.PushApi p -> new HttpSource(name, p, intake);
                        case SourceSettings.Firehose f -> new HttpSource(name, f, intake);
                        case SourceSettings.Kafka k -> new KafkaSource(name, k, intake, agent::cursor);
                        case SourceSettings.Docker d -> new DockerSource(name, d, intake, agent::cursor);
                        case SourceSettings.Stdin i -> new StdinSource(name, intake, StdinLines.system());
                    });
        }
        return all;
    }
}
