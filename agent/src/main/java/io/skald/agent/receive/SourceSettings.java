/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.receive;

import io.skald.core.model.Labels;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A source that is no file, as it is configured. */
public sealed interface SourceSettings {
    /** Labels of its entries. */
    Labels labels();

    /** {@code journal}: what systemd keeps. */
    record Journal(
            Labels labels,
            Duration maxAge,
            boolean json,
            @Nullable Path path,
            List<String> matches,
            String command) implements SourceSettings {
        public Journal {
            matches = List.copyOf(matches);
        }
    }

    /** {@code syslog}: a listener. */
    record Syslog(
            Labels labels,
            String host,
            int port,
            boolean udp,
            boolean rfc3164,
            boolean useIncomingTimestamp,
            boolean structuredData,
            boolean rfc5424Message,
            Duration idleTimeout,
            int maxMessageBytes,
            @Nullable Path cert,
            @Nullable Path key,
            @Nullable Path clientCa)
            implements SourceSettings {}

    /** {@code loki_push_api}: takes pushes as Loki does, over HTTP. */
    record PushApi(Labels labels, String host, int port, boolean useIncomingTimestamp) implements SourceSettings {}

    /** {@code kafka}: a consumer group. */
    record Kafka(
            Labels labels,
            List<String> brokers,
            List<String> topics,
            String group,
            boolean useIncomingTimestamp,
            String assignor,
            java.util.Map<String, String> client)
            implements SourceSettings {
        /** In {@link #client}: PEM files that are read when the client connects, as they are renewed. */
        public static final String CERT_FILE = "cert_file";

        public static final String KEY_FILE = "key_file";

        public Kafka {
            brokers = List.copyOf(brokers);
            topics = List.copyOf(topics);
            client = java.util.Map.copyOf(client);
        }
    }

    /** {@code awsfirehose}: takes deliveries of Firehose over HTTP. */
    record Firehose(Labels labels, String host, int port, String accessKey, boolean useIncomingTimestamp)
            implements SourceSettings {}

    /** {@code docker_sd_configs}: logs of containers by the API of the Docker daemon. */
    record Docker(Labels labels, String host, Duration refresh, List<String> filters) implements SourceSettings {
        public Docker {
            filters = List.copyOf(filters);
        }
    }

    /** {@code stdin}: what is written to the agent's standard input. */
    record Stdin(Labels labels) implements SourceSettings {}
}
