/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import java.time.Duration;

/** The DynamoDB table that holds the index. Credentials come from the environment, as AWS' tools find them. */
public record DynamoDbSettings(
        @Setting("Name of the table; `skald store init` creates it.")
        String table,

        @Setting("AWS region; empty for that of the environment (`AWS_REGION`, profile, instance).")
        String region,

        @Setting("Address of the service, as `https://HOST[:PORT]`; empty for AWS.")
        String endpoint,

        @Setting(value = "How long one attempt of a call may take.", min = "100ms", max = "1m")
        Duration attemptTimeout,

        @Setting(
                value =
                        "How often a call is tried when the service is throttled, fails or does not answer; with growing, random pauses.",
                min = "1",
                max = "20")
        int maxAttempts) {
    public static final DynamoDbSettings DEFAULTS = new DynamoDbSettings("skald", "", "", Duration.ofSeconds(3), 8);

    public DynamoDbSettings {
        if (!table.matches("[a-zA-Z0-9_.-]{3,255}")) {
            throw new IllegalArgumentException(
                    "table '" + table + "' is not 3 to 255 letters, digits, '_', '.' or '-'");
        }
        Endpoint.check(endpoint);
    }
}
