/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.notify;

import io.skald.core.config.ClientSettings;
import io.skald.core.http.TlsContexts;
import io.skald.core.service.BuildInfo;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/** Posts to another service with its credentials. Thread-safe. */
public final class HttpSender implements AutoCloseable {
    private static final int MOST_ERROR = 300;

    private final ClientSettings settings;
    private final Duration timeout;
    private final HttpClient http;

    /** @throws IllegalArgumentException if the settings of TLS cannot be used */
    public HttpSender(ClientSettings settings, Duration timeout) {
        this.settings = settings;
        this.timeout = timeout;
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(timeout)
                .followRedirects(HttpClient.Redirect.NEVER)
                .sslContext(tls(settings))
                .build();
    }

    private static SSLContext tls(ClientSettings s) {
        try {
            return TlsContexts.client(
                    given(s.tlsCaPath()), given(s.tlsCertPath()), given(s.tlsKeyPath()), s.tlsInsecureSkipVerify());
        } catch (IOException e) {
            throw new IllegalArgumentException("TLS cannot be set up: " + e.getMessage(), e);
        }
    }

    private static @Nullable Path given(Path p) {
        return p.toString().isEmpty() ? null : p;
    }

    /** @throws SendException unless the answer is a success; 5xx, 429 and no answer at all may be retried */
    public void post(URI to, byte[] body, Map<String, String> headers) throws SendException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(to)
                .timeout(timeout)
                .header("User-Agent", "skald/" + BuildInfo.current().version())
                .POST(HttpRequest.BodyPublishers.ofByteArray(body));
        headers.forEach(request::header);
        String authorization = authorization();
        if (!authorization.isEmpty()) {
            request.header("Authorization", authorization);
        }
        HttpResponse<String> answer;
        try {
            answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new SendException(to + " does not answer: " + e, true, e);
        }
        int status = answer.statusCode();
        if (status / 100 != 2) {
            String text = answer.body().strip();
            throw new SendException(
                    to + " answered " + status + ": "
                            + (text.length() > MOST_ERROR ? text.substring(0, MOST_ERROR) + "…" : text),
                    status >= 500 || status == 429);
        }
    }

    private String authorization() throws SendException {
        try {
            if (!settings.credentialsFile().toString().isEmpty()) {
                return "Bearer " + read(settings.credentialsFile());
            }
            if (!settings.basicAuthUsername().isEmpty()) {
                String password = settings.basicAuthPasswordFile().toString().isEmpty()
                        ? ""
                        : read(settings.basicAuthPasswordFile());
                return "Basic "
                        + Base64.getEncoder()
                                .encodeToString((settings.basicAuthUsername() + ":" + password)
                                        .getBytes(StandardCharsets.UTF_8));
            }
            return "";
        } catch (IOException e) {
            throw new SendException("credentials cannot be read: " + e, true, e);
        }
    }

    static String read(Path file) throws IOException {
        return Files.readString(file, StandardCharsets.UTF_8).strip();
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
