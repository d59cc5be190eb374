/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.client;

import com.fasterxml.jackson.core.JsonParser;
import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import io.skald.cli.client.Answer.Line;
import java.io.IOException;
import java.net.URI;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Follows one query over WebSockets, one after the other. Each message of this server carries a cursor, from which the next connection goes
 * on. Without one (the first connection, another server, or a cursor that is too old) the lines up to now are asked for as a query asks for
 * them, page by page, once the socket is open: whatever the query does not find comes over the socket, and what both give is printed once.
 * Confined to one thread, but for the listener, which prints while that thread waits.
 */
final class TailSession {
    /** Entries may be this far in the future. */
    private static final long FUTURE_NANOS = 24L * 3600 * 1_000_000_000;

    private final LokiClient client;
    private final String query;
    private final ResultPrinter printer;
    private final Output out;
    private final InstantSource clock;
    private final RecentLines recent;
    private String cursor = "";

    TailSession(
            LokiClient client, String query, long startNanos, ResultPrinter printer, Output out, InstantSource clock) {
        this.client = client;
        this.query = query;
        this.recent = new RecentLines(startNanos);
        this.printer = printer;
        this.out = out;
        this.clock = clock;
    }

    /** Follows until the output is gone, the query is refused, or the thread is interrupted. */
    void run(Duration firstPause, Duration longestPause) throws CommandFailure, IOException {
        boolean everConnected = false;
        boolean lost = false;
        Duration pause = firstPause;
        while (true) {
            try {
                Listener listener = new Listener(!cursor.isEmpty());
                WebSocket socket = connect(listener);
                if (lost) {
                    out.error("skald tail: connected again");
                }
                everConnected = true;
                lost = false;
                pause = firstPause;
                if (cursor.isEmpty()) {
                    catchUp();
                }
                // only now does the socket give anything: lines come in order
                socket.request(1);
                waitFor(listener, socket);
            } catch (CommandFailure e) {
                if (!everConnected || !mayPass(e)) {
                    throw e;
                }
            }
            if (!lost) {
                out.error("skald tail: connection lost, connecting again");
                lost = true;
            }
            sleep(pause);
            pause = pause.multipliedBy(2).compareTo(longestPause) > 0 ? longestPause : pause.multipliedBy(2);
        }
    }

    /** Whether it is worth to try again. */
    private static boolean mayPass(CommandFailure e) {
        return e.exitCode() == ExitCode.UNREACHABLE
                || e.getCause() instanceof LokiClient.Refused r && (r.status == 429 || r.status >= 500);
    }

    /** Prints what there is by now and was not printed. */
    private void catchUp() throws CommandFailure, IOException {
        TimeOptions.Range range = new TimeOptions.Range(recent.completeFrom(), now() + FUTURE_NANOS);
        new LinePager(client, query, "1m").read(range, 0, true, this::print);
    }

    private long now() {
        return TimeOptions.nanos(clock.instant());
    }

    private static void sleep(Duration pause) throws CommandFailure {
        try {
            Thread.sleep(pause);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private static CommandFailure interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new CommandFailure(ExitCode.FAILURE, "interrupted", e);
    }

    private WebSocket connect(Listener listener) throws CommandFailure {
        Map<String, List<String>> params = new LinkedHashMap<>();
        params.put("query", List.of(query));
        params.put("start", List.of(Long.toString(now())));
        params.put("limit", List.of("1"));
        if (!cursor.isEmpty()) {
            params.put("cursor", List.of(cursor));
        }
        URI uri =
                URI.create(client.url().replaceFirst("^http", "ws") + "/loki/api/v1/tail?" + LokiClient.encode(params));
        WebSocket.Builder builder = client.http().newWebSocketBuilder().connectTimeout(Duration.ofSeconds(10));
        String tenant = client.tenant();
        if (tenant != null) {
            builder.header("X-Scope-OrgID", tenant);
        }
        try {
            return builder.buildAsync(uri, listener).get();
        } catch (InterruptedException e) {
            throw interrupted(e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof WebSocketHandshakeException refused) {
                throw refused(refused);
            }
            throw client.unreachable(e.getCause() == null ? e : e.getCause());
        }
    }

    /** The handshake does not give the body of a refusal, so the same question is asked again without one. */
    private CommandFailure refused(WebSocketHandshakeException e) {
        int status = e.getResponse().statusCode();
        if (status == 429 || status >= 500) {
            return new CommandFailure(ExitCode.UNREACHABLE, "the server answered " + status, e);
        }
        try {
            client.get("/loki/api/v1/format_query", Map.of("query", List.of(query)), json -> "");
            return new CommandFailure(
                    ExitCode.FAILURE,
                    "the server answered " + status + ": a tail takes a query of lines, not of samples",
                    e);
        } catch (LokiClient.Refused r) {
            return r.asFailure(query);
        } catch (CommandFailure f) {
            return f;
        }
    }

    /** Waits until the socket is closed or broken. */
    private static void waitFor(Listener listener, WebSocket socket) throws CommandFailure, IOException {
        try {
            listener.end.get();
        } catch (InterruptedException e) {
            throw interrupted(e);
        } catch (ExecutionException e) {
            socket.abort();
            if (e.getCause() instanceof CommandFailure f) {
                throw f;
            } else if (e.getCause() instanceof Output.Gone gone) {
                throw gone;
            }
            // else the connection broke, and the caller connects again
        }
    }

    private final class Listener implements WebSocket.Listener {
        final CompletableFuture<Boolean> end = new CompletableFuture<>();
        private final StringBuilder message = new StringBuilder();
        private final boolean resumed;

        /** @param resumed whether the connection goes on at a cursor */
        Listener(boolean resumed) {
            this.resumed = resumed;
        }

        @Override
        public void onOpen(WebSocket socket) {
            // the default asks for the first message at once
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            message.append(data);
            if (last) {
                try {
                    show(message.toString());
                } catch (IOException e) {
                    end.completeExceptionally(e);
                }
                message.setLength(0);
            }
            socket.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
            if (status == 1008 && resumed) {
                // what the cursor points at is no longer in the log; the lines are asked for by time instead
                cursor = "";
            } else if (status == 1008) {
                end.completeExceptionally(new CommandFailure(ExitCode.FAILURE, "the server ended the tail: " + reason));
            }
            end.complete(true);
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            end.completeExceptionally(error);
        }
    }

    private void show(String message) throws IOException {
        List<Line> lines = new ArrayList<>();
        String[] next = {cursor};
        try (JsonParser json = LokiClient.JSON.createParser(message)) {
            Answer.eachField(json, json.nextToken(), name -> {
                switch (name) {
                    case "streams" -> lines.addAll(Answer.streams(json));
                    case "cursor" -> next[0] = json.getText();
                    default -> json.skipChildren();
                }
            });
        }
        lines.sort(Comparator.comparingLong(Line::timestampNanos));
        print(lines);
        cursor = next[0];
    }

    private void print(List<Line> lines) throws IOException {
        long now = now();
        for (Line l : lines) {
            if (recent.add(l, now)) {
                printer.line(l);
            }
        }
        out.flush();
    }
}
