/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.client;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Version;
import io.skald.core.http.TlsContexts;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Asks a server of Loki's API. Thread-safe. */
final class LokiClient implements AutoCloseable {
    static final JsonFactory JSON = new JsonFactory();
    private static final Pattern POSITION = Pattern.compile("parse error at line (\\d{1,6}), col (\\d{1,6})");
    private static final String TENANT_HEADER = "X-Scope-OrgID";

    private static final int CONNECT_MILLIS = 10_000;
    private static final int ANSWER_MILLIS = 600_000;

    private final String url;
    private final @Nullable String tenant;
    private @Nullable HttpClient http;

    LokiClient(ServerOptions server) throws CommandFailure {
        this.url = server.url();
        this.tenant = server.tenant();
    }

    /** An answer other than 2xx. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1;
        final int status;

        Refused(int status, String message) {
            super(message);
            this.status = status;
        }

        CommandFailure asFailure() {
            return new CommandFailure(ExitCode.FAILURE, "the server answered " + status + ": " + getMessage(), this);
        }

        /** The same with the place in the query that the message speaks of, if it does. */
        CommandFailure asFailure(String query) {
            Matcher at = POSITION.matcher(String.valueOf(getMessage()));
            List<String> lines = query.lines().toList();
            if (!at.find()) {
                return asFailure();
            }
            // digits are few in the pattern, so they are an int
            int line = Integer.parseInt(at.group(1));
            int column = Integer.parseInt(at.group(2));
            if (line < 1
                    || line > lines.size()
                    || column < 1
                    || column > lines.get(line - 1).length() + 1) {
                return asFailure();
            }
            return new CommandFailure(
                    ExitCode.FAILURE,
                    getMessage() + "\n  " + lines.get(line - 1).replace('\t', ' ') + "\n  " + " ".repeat(column - 1)
                            + "^",
                    this);
        }
    }

    /** Reads an answer's JSON from its first token on. */
    interface Reader<T> {
        T read(JsonParser json) throws IOException;
    }

    String url() {
        return url;
    }

    /** A client for more than plain requests; to make one takes longer than most requests do. */
    synchronized HttpClient http() {
        HttpClient made = http;
        if (made == null) {
            HttpClient.Builder builder = HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .connectTimeout(Duration.ofMillis(CONNECT_MILLIS));
            if (url.startsWith("http:")) {
                builder.sslContext(TlsContexts.none());
            }
            made = builder.build();
            http = made;
        }
        return made;
    }

    @Nullable
    String tenant() {
        return tenant;
    }

    /** Asks with a GET, and reads the answer as it arrives. */
    <T> T get(String path, Map<String, List<String>> params, Reader<T> reader) throws CommandFailure, Refused {
        return send("GET", path + "?" + encode(params), reader);
    }

    /** Asks with a POST without a body, and reads the answer as it arrives. */
    <T> T post(String path, Reader<T> reader) throws CommandFailure, Refused {
        return send("POST", path, reader);
    }

    /**
     * A request that is not sent yet. The old client of the JDK: it is there in a third of the time that the new one takes, and a command asks but once.
     */
    private HttpURLConnection request(String method, String target, int answerMillis) throws IOException {
        HttpURLConnection request =
                (HttpURLConnection) URI.create(url + target).toURL().openConnection();
        request.setRequestMethod(method);
        request.setInstanceFollowRedirects(false);
        request.setConnectTimeout(CONNECT_MILLIS);
        request.setReadTimeout(answerMillis);
        request.setUseCaches(false);
        request.setRequestProperty("User-Agent", "skald/" + Version.number());
        request.setRequestProperty("Accept", "*/*");
        if (tenant != null) {
            request.setRequestProperty(TENANT_HEADER, tenant);
        }
        return request;
    }

    /** The body of the answer. */
    private static InputStream answer(HttpURLConnection request) throws IOException, Refused {
        int status = request.getResponseCode();
        if (status / 100 == 2) {
            return request.getInputStream();
        }
        // null for an answer without a body
        try (InputStream in = request.getErrorStream()) {
            throw new Refused(status, in == null ? "" : errorText(in.readNBytes(1 << 16)));
        }
    }

    private <T> T send(String method, String target, Reader<T> reader) throws CommandFailure, Refused {
        try (InputStream in = answer(request(method, target, ANSWER_MILLIS));
                JsonParser json = JSON.createParser(in)) {
            return reader.read(json);
        } catch (IOException e) {
            throw unreachable(e);
        }
    }

    /** Takes the lines of an answer as they arrive. */
    interface LineSink {
        void accept(String line) throws IOException, CommandFailure;
    }

    /** What happened to an answer that was read line by line. */
    static final class Broken extends Exception {
        private static final long serialVersionUID = 1;

        Broken(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }

    /**
     * Asks with a GET, and reads the answer line by line to its end.
     *
     * @throws Broken if the connection is lost, before the answer or within it
     */
    void lines(String path, Map<String, List<String>> params, LineSink sink)
            throws CommandFailure, Refused, Broken, IOException {
        BufferedReader reader;
        try {
            InputStream in = answer(request("GET", path + "?" + encode(params), 0));
            reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8), 1 << 16);
        } catch (IOException e) {
            throw new Broken(e);
        }
        try (reader) {
            while (true) {
                String line;
                try {
                    line = reader.readLine();
                } catch (IOException e) {
                    throw new Broken(e);
                }
                if (line == null) {
                    return;
                }
                sink.accept(line);
            }
        }
    }

    /** What an I/O error with the server means to the user. */
    CommandFailure unreachable(Throwable e) {
        if (e instanceof ConnectException
                || e instanceof HttpConnectTimeoutException
                || e instanceof UnknownHostException
                || e instanceof SocketTimeoutException && "Connect timed out".equalsIgnoreCase(e.getMessage())) {
            return new CommandFailure(
                    ExitCode.UNREACHABLE,
                    "nothing answers at " + url + ". Is 'skald run' running there? Say where with --url or SKALD_ADDR.",
                    e);
        }
        return new CommandFailure(ExitCode.UNREACHABLE, "lost the connection to " + url + ": " + e.getMessage(), e);
    }

    static String encode(Map<String, List<String>> params) {
        StringBuilder b = new StringBuilder();
        params.forEach((name, values) -> {
            for (String v : values) {
                b.append(b.isEmpty() ? "" : "&")
                        .append(name)
                        .append('=')
                        .append(URLEncoder.encode(v, StandardCharsets.UTF_8));
            }
        });
        return b.toString();
    }

    /** The message of an error: Loki sends plain text, or an object with {@code message} or {@code error}. */
    static String errorText(byte[] body) {
        String text = new String(body, StandardCharsets.UTF_8).strip();
        if (!text.startsWith("{")) {
            return text;
        }
        try (JsonParser json = JSON.createParser(text)) {
            json.nextToken();
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                JsonToken value = json.nextToken();
                if (value == JsonToken.VALUE_STRING && (name.equals("message") || name.equals("error"))) {
                    return json.getText();
                }
                json.skipChildren();
            }
            return text;
        } catch (IOException e) {
            return text; // it only looked like JSON
        }
    }

    @Override
    public synchronized void close() {
        if (http != null) {
            http.shutdownNow();
        }
    }
}
