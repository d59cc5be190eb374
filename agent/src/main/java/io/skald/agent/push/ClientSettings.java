/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.push;

import io.skald.core.model.Labels;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A destination of all lines.
 *
 * @param name tells it from others, also over restarts
 * @param urls of its ingesters: one is used, the next when that fails
 * @param format how pushes are written
 * @param tenant whose the lines are that no stage gave to a tenant; null sends no tenant
 * @param labels added to each stream that does not have them
 * @param auth what proves who the agent is
 * @param headers sent with each push
 * @param tls how servers are verified
 * @param proxy used for every request, or null
 * @param timeout for one push
 * @param backoff pauses between tries
 */
public record ClientSettings(
        String name,
        List<URI> urls,
        Format format,
        @Nullable String tenant,
        Labels labels,
        Auth auth,
        Map<String, String> headers,
        Tls tls,
        @Nullable URI proxy,
        Duration timeout,
        Backoff backoff) {
    /** How pushes are written. */
    public enum Format {
        /** Asks the server once whether it takes blocks. */
        AUTO,
        /** Encoded blocks. */
        SKALD,
        /** Protobuf and snappy. */
        LOKI
    }

    /** Credentials; at most one kind. A file is read for each push, so that it may be renewed. */
    public record Auth(
            @Nullable String user,
            @Nullable String password,
            @Nullable Path passwordFile,
            String scheme,
            @Nullable String credentials,
            @Nullable Path credentialsFile) {
        public static final Auth NONE = new Auth(null, null, null, "Bearer", null, null);

        @Override
        public String toString() {
            return user != null
                    ? "Auth[user=" + user + "]"
                    : credentials != null || credentialsFile != null ? "Auth[" + scheme + "]" : "Auth[]";
        }
    }

    /** How a server is verified, and what the agent shows it. Paths of PEM files. */
    public record Tls(
            @Nullable Path ca,
            @Nullable Path cert,
            @Nullable Path key,
            @Nullable String serverName,
            boolean insecure) {
        public static final Tls NONE = new Tls(null, null, null, null, false);
    }

    public ClientSettings {
        urls = List.copyOf(urls);
        headers = new TreeMap<>(headers);
    }
}
