/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.client;

import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import java.net.URI;
import java.net.URISyntaxException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which server, and whose data. */
public final class ServerOptions {
    static final String DEFAULT_URL = "http://127.0.0.1:3100";

    @Option(
            names = "--url",
            paramLabel = "URL",
            description = "The server; else the environment's SKALD_ADDR, else " + DEFAULT_URL + ".")
    private @Nullable String url;

    @Option(
            names = "--tenant",
            paramLabel = "ID",
            description = "Whose data, for servers with multi-tenancy; several as a|b. Else SKALD_TENANT.")
    private @Nullable String tenant;

    /** The server's address without a slash at the end. */
    String url() throws CommandFailure {
        String given = orElse(url, orElse(System.getenv("SKALD_ADDR"), DEFAULT_URL));
        if (!given.contains("://")) {
            given = "http://" + given;
        }
        try {
            URI u = new URI(given);
            if (u.getHost() != null && ("http".equals(u.getScheme()) || "https".equals(u.getScheme()))) {
                return given.replaceAll("/+$", "");
            }
        } catch (URISyntaxException e) {
            throw new CommandFailure(ExitCode.USAGE, "not a URL: " + given, e);
        }
        throw new CommandFailure(ExitCode.USAGE, "not an http or https URL: " + given);
    }

    @Nullable
    String tenant() {
        String t = orElse(tenant, orElse(System.getenv("SKALD_TENANT"), ""));
        return t.isEmpty() ? null : t;
    }

    private static String orElse(@Nullable String s, String fallback) {
        return s == null || s.isEmpty() ? fallback : s;
    }
}
