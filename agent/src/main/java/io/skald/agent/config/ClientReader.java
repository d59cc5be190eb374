/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.config;

import io.skald.agent.push.Backoff;
import io.skald.agent.push.ClientSettings;
import io.skald.agent.push.ClientSettings.Auth;
import io.skald.agent.push.ClientSettings.Format;
import io.skald.agent.push.ClientSettings.Tls;
import io.skald.core.model.Labels;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads one of {@code clients}. */
final class ClientReader {
    private ClientReader() {}

    static @Nullable ClientSettings read(Section s) {
        List<URI> urls = new ArrayList<>();
        List<String> written = new ArrayList<>(s.list("urls"));
        String single = s.textOrNull("url");
        if (single != null) {
            written.addFirst(single);
        }
        Auth ofUrl = Auth.NONE;
        for (String w : written) {
            URI u = AgentFile.uri(w);
            if (u == null) {
                s.problem("url", "'" + w + "' is no URL");
            } else {
                ofUrl = credentials(u, ofUrl);
                urls.add(URI.create(u.toString().replaceFirst("//[^/@]*@", "//")));
            }
        }
        if (written.isEmpty()) {
            s.problem("url: is required");
        }
        Auth auth = auth(s, ofUrl);
        Labels labels = s.labels("external_labels");
        Section b = s.section("backoff_config");
        Backoff backoff = backoff(b);
        b.withoutEffect("there is no last try, lines wait in the spool", "max_retries");
        b.end();
        s.known("batchwait");
        s.known("batchsize");
        if (s.bool("drop_rate_limited_batches", false)) {
            s.problem("drop_rate_limited_batches", "is not supported: what is rate limited waits in the spool");
        }
        s.only("follow_redirects", true);
        s.withoutEffect("the agent speaks HTTP/1.1", "enable_http2");
        s.withoutEffect("skald_agent_lag_seconds has no labels of streams", "stream_lag_labels");
        s.only("proxy_from_environment", false);
        s.unsupported("no_proxy", "proxy_connect_header");
        s.unsupportedFor("use basic_auth or bearer_token_file, which is read again for each push", "oauth2");
        Tls tls = tls(s.section("tls_config"));
        String proxy = s.textOrNull("proxy_url");
        Map<String, String> headers = s.map("headers");
        Duration timeout = s.duration("timeout", Duration.ofSeconds(30));
        String format = s.text("format", "auto");
        Format f = switch (format) {
            case "auto" -> Format.AUTO;
            case "skald" -> Format.SKALD;
            case "loki" -> Format.LOKI;
            default -> {
                s.problem("format", "'" + format + "' is none of auto, skald, loki");
                yield Format.AUTO;
            }
        };
        String name = s.text("name", String.join(",", written));
        String tenant = s.textOrNull("tenant_id");
        if (urls.isEmpty()) {
            return null;
        }
        return new ClientSettings(
                name,
                urls,
                f,
                tenant == null || tenant.isEmpty() ? null : tenant,
                labels,
                auth,
                headers,
                tls,
                proxy == null || proxy.isEmpty() ? null : AgentFile.uri(proxy),
                timeout,
                backoff);
    }

    private static Backoff backoff(Section b) {
        Duration min = b.duration("min_period", Backoff.DEFAULT.min());
        Duration max = b.duration("max_period", Backoff.DEFAULT.max());
        try {
            return new Backoff(min, max);
        } catch (IllegalArgumentException e) {
            b.problem(String.valueOf(e.getMessage()));
            return Backoff.DEFAULT;
        }
    }

    private static Auth credentials(URI u, Auth before) {
        String info = u.getUserInfo();
        if (info == null) {
            return before;
        }
        int colon = info.indexOf(':');
        String user = colon < 0 ? info : info.substring(0, colon);
        return new Auth(user, colon < 0 ? "" : info.substring(colon + 1), null, "Bearer", null, null);
    }

    private static Auth auth(Section s, Auth ofUrl) {
        Auth found = ofUrl;
        if (s.has("basic_auth")) {
            Section b = s.section("basic_auth");
            found = new Auth(
                    b.required("username"), b.textOrNull("password"), b.file("password_file"), "Bearer", null, null);
            b.end();
        } else {
            s.known("basic_auth");
        }
        if (s.has("authorization")) {
            Section a = s.section("authorization");
            found = new Auth(
                    null,
                    null,
                    null,
                    a.text("type", "Bearer"),
                    a.textOrNull("credentials"),
                    a.file("credentials_file"));
            a.end();
        } else {
            s.known("authorization");
        }
        String token = s.textOrNull("bearer_token");
        if (token != null || s.has("bearer_token_file")) {
            found = new Auth(null, null, null, "Bearer", token, s.file("bearer_token_file"));
        } else {
            s.known("bearer_token_file");
        }
        return found;
    }

    static Tls tls(Section s) {
        Tls t = new Tls(
                s.file("ca_file"),
                s.file("cert_file"),
                s.file("key_file"),
                s.textOrNull("server_name"),
                s.bool("insecure_skip_verify", false));
        s.end();
        return t;
    }
}
