/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.client;

import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The rules API of a server. */
public final class RulesClient implements AutoCloseable {
    private static final String BASE = "/loki/api/v1/rules";
    private static final int NOT_FOUND = 404;

    private final LokiClient client;

    public RulesClient(ServerOptions server) throws CommandFailure {
        this.client = new LokiClient(server);
    }

    /** All groups by namespace, in YAML; empty if there are none. */
    public String list() throws CommandFailure {
        String yaml = ask("GET", BASE, null);
        return yaml == null ? "" : yaml;
    }

    /** One group in YAML; null if there is none. */
    public @Nullable String get(String namespace, String group) throws CommandFailure {
        return ask("GET", path(namespace, group), null);
    }

    public void put(String namespace, String yaml) throws CommandFailure {
        if (ask("POST", path(namespace, null), yaml) == null) {
            throw new CommandFailure(ExitCode.FAILURE, "the server at " + client.url() + " has no rules API");
        }
    }

    /** Removes a group, or with null a whole namespace; false if there is none. */
    public boolean delete(String namespace, @Nullable String group) throws CommandFailure {
        return ask("DELETE", path(namespace, group), null) != null;
    }

    private static String path(String namespace, @Nullable String group) {
        return BASE + "/" + encode(namespace) + (group == null ? "" : "/" + encode(group));
    }

    private static String encode(String s) {
        return URLEncoder.encode(s, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** The answer's body; null for 404. */
    private @Nullable String ask(String method, String path, @Nullable String body) throws CommandFailure {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(client.url() + path))
                .timeout(Duration.ofMinutes(1))
                .header("Content-Type", "application/yaml")
                .method(
                        method,
                        body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
        String tenant = client.tenant();
        if (tenant != null) {
            request.header("X-Scope-OrgID", tenant);
        }
        try {
            HttpResponse<byte[]> r = client.http().send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
            if (r.statusCode() == NOT_FOUND) {
                return null;
            }
            if (r.statusCode() / 100 != 2) {
                throw new CommandFailure(
                        ExitCode.FAILURE,
                        "the server answered " + r.statusCode() + ": " + LokiClient.errorText(r.body()));
            }
            return new String(r.body(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw client.unreachable(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandFailure(ExitCode.FAILURE, "interrupted", e);
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
