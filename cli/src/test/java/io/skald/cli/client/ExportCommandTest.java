/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.skald.cli.CommandRun;
import io.skald.cli.ExitCode;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExportCommandTest {
    private static final int LINES = 500;

    @TempDir
    private Path dir;

    private HttpServer server;
    private final List<String> requests = new CopyOnWriteArrayList<>();

    /** Lines after which an answer breaks off; 0 for none. */
    private volatile int breakAfter;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/skald/api/v1/export", this::export);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void export(HttpExchange x) throws IOException {
        String query = x.getRequestURI().getQuery();
        requests.add(query);
        int from = query.contains("cursor=") ? Integer.parseInt(query.replaceAll(".*cursor=", "")) + 1 : 0;
        x.sendResponseHeaders(200, 0);
        OutputStream out = x.getResponseBody();
        for (int i = from; i < LINES; i++) {
            if (breakAfter > 0 && i == from + breakAfter) {
                // half a line, and no last chunk
                out.write("{\"timestamp\":\"17".getBytes(StandardCharsets.UTF_8));
                out.flush();
                throw new IOException("broken off");
            }
            out.write((json(i) + "\n").getBytes(StandardCharsets.UTF_8));
        }
        out.close();
    }

    private static String json(int i) {
        return "{\"timestamp\":\"" + (1_772_323_200_000_000_000L + i) + "\",\"stream\":{\"a\":\"b\"},\"line\":\"line "
                + i + "\",\"cursor\":\"" + i + "\"}";
    }

    private CommandRun export(String... more) throws IOException {
        List<String> args = new ArrayList<>(List.of(
                "export",
                "{a=\"b\"}",
                "--url",
                "http://127.0.0.1:" + server.getAddress().getPort(),
                "--from",
                "2026-03-01T00:00:00Z",
                "--to",
                "2026-03-02T00:00:00Z"));
        args.addAll(List.of(more));
        return CommandRun.of(args.toArray(String[]::new));
    }

    private static String all(java.util.function.IntFunction<String> line) {
        StringBuilder s = new StringBuilder();
        for (int i = 0; i < LINES; i++) {
            s.append(line.apply(i)).append('\n');
        }
        return s.toString();
    }

    @Test
    void linesAsTheyCame() throws Exception {
        CommandRun run = export();
        assertThat(run.out()).isEqualTo(all(ExportCommandTest::json));
        assertThat(run.err()).contains("skald export: done, 500 lines");
        assertThat(export("-o", "raw", "--quiet").out()).isEqualTo(all(i -> "line " + i));
        assertThat(export("-o", "raw", "--quiet", "--cursor", "497").out()).isEqualTo("line 498\nline 499\n");
    }

    @Test
    void goesOnAfterLostConnections() throws Exception {
        breakAfter = 220;
        CommandRun run = export("-o", "raw");
        assertThat(run.out()).isEqualTo(all(i -> "line " + i));
        assertThat(run.err()).contains("lost the connection, going on");
        assertThat(requests.size()).isGreaterThan(2);
    }

    @Test
    void aFileGoesOnWhereItWasSafe() throws Exception {
        Path file = dir.resolve("out.log");
        // what a run leaves that was killed: some lines, of which the state knows three, and half of one
        String state = Integer.toHexString("{a=\"b\"}\nRAW".hashCode()) + " 1 9 " + "line 0\nline 1\nline 2\n".length()
                + " 2\n";
        Files.writeString(file, "line 0\nline 1\nline 2\nline 3\nli");
        Files.writeString(dir.resolve("out.log.cursor"), state);
        CommandRun run = export("-o", "raw", "--file", file.toString());
        assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.OK);
        assertThat(file).hasContent(all(i -> "line " + i));
        assertThat(dir.resolve("out.log.cursor")).doesNotExist();
        assertThat(requests).singleElement().asString().contains("start=1&end=9&cursor=2");

        CommandRun again = export("-o", "raw", "--file", file.toString());
        assertThat(again.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(again.err()).contains("exists already");

        Files.writeString(dir.resolve("out.log.cursor"), state);
        CommandRun other = export("-o", "jsonl", "--file", file.toString());
        assertThat(other.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(other.err()).contains("of another query or form");
    }
}
