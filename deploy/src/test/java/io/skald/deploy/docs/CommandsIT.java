/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.deploy.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.cli.Main;
import io.skald.cli.Output;
import io.skald.cli.run.Appliance;
import io.skald.cli.run.Role;
import io.skald.core.config.HostPort;
import io.skald.core.config.SkaldConfig;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs what the pages show in blocks that are marked {@code console}: a line that begins with {@code $} is a command of skald or curl, the
 * lines behind it are what it prints. A command without such lines must succeed, and one of skald must print something. Addresses and
 * directories are those of the test.
 */
class CommandsIT {
    /** The lines of docs/logql.md. */
    private static final String INDENT = "    ";

    /** Commands that ask a server. */
    private static final Set<String> CLIENTS = Set.of(
            "query",
            "labels",
            "series",
            "stats",
            "export",
            "flush",
            "rules list",
            "rules get",
            "rules diff",
            "rules sync",
            "rules load",
            "rules delete");

    @TempDir
    private Path dir;

    @Test
    void whatThePagesShowIsWhatOneGets() throws Exception {
        SkaldConfig config =
                SkaldConfig.DEFAULTS.withDataDir(dir.resolve("data")).withListen(new HostPort("127.0.0.1", 0));
        int commands = 0;
        try (Appliance server = Appliance.start(config, Role.ALL)) {
            push(server.url(), "\"app\":\"shop\",\"env\":\"demo\"", lines());
            push(server.url(), "\"filename\":\"/var/log/syslog\"", List.of("error: disk full"));
            for (Path page : Pages.all()) {
                commands += run(page, server.url());
            }
        }
        assertThat(commands).isGreaterThan(20);
    }

    private static List<String> lines() throws Exception {
        List<String> page = Files.readAllLines(Pages.ROOT.resolve("docs/logql.md"));
        return page.subList(page.indexOf("## Examples"), page.indexOf("```console")).stream()
                .filter(l -> l.startsWith(INDENT))
                .map(String::strip)
                .toList();
    }

    private static void push(String url, String labels, List<String> lines) throws Exception {
        StringBuilder values = new StringBuilder();
        long time = Instant.now().minusSeconds(60).toEpochMilli();
        for (String line : lines) {
            values.append(values.isEmpty() ? "" : ",")
                    .append("[\"")
                    .append(time++)
                    .append("000000\",\"");
            values.append(line.replace("\\", "\\\\").replace("\"", "\\\"")).append("\"]");
        }
        String body = "{\"streams\":[{\"stream\":{" + labels + "},\"values\":[" + values + "]}]}";
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpRequest push = HttpRequest.newBuilder(URI.create(url + "/loki/api/v1/push"))
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(body))
                    .build();
            assertThat(http.send(push, HttpResponse.BodyHandlers.ofString()).statusCode())
                    .isEqualTo(204);
        }
    }

    /** Places of the pages as those of the test. */
    private String here(String text, String url) {
        return text.replace("http://127.0.0.1:3100", url)
                .replace("/var/lib/skald-2", dir.resolve("data-2").toString())
                .replace("/var/lib/skald", dir.resolve("data").toString())
                .replace("/backup/skald", dir.resolve("backup").toString());
    }

    private int run(Path page, String url) throws Exception {
        List<String> text = Files.readAllLines(page);
        int commands = 0;
        for (int i = 0; i < text.size(); i++) {
            if (!text.get(i).equals("```console")) {
                continue;
            }
            for (i++; !text.get(i).equals("```"); ) {
                String command = text.get(i);
                assertThat(command).as(page + ", line " + (i + 1)).matches("\\$ (\\./)?(skald|curl) .*");
                for (; command.endsWith("\\"); i++) {
                    command = command.substring(0, command.length() - 1)
                            + text.get(i + 1).strip();
                }
                List<String> shown = new ArrayList<>();
                for (i++; !text.get(i).startsWith("$ ") && !text.get(i).equals("```"); i++) {
                    shown.add(text.get(i));
                }
                if (command.startsWith("$ curl ")) {
                    curl(page, here(command.substring(2), url), shown);
                } else {
                    check(page, here(command.replaceFirst("^\\$ (\\./)?skald ", ""), url), shown, url);
                }
                commands++;
            }
        }
        return commands;
    }

    private static void curl(Path page, String command, List<String> shown) throws Exception {
        Process p = new ProcessBuilder("sh", "-c", command.replace("curl ", "curl -sS --fail-with-body "))
                .redirectErrorStream(true)
                .start();
        String said = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(p.waitFor()).as(page + ": " + command + "\n" + said).isZero();
        assertThat(said.lines().toList()).as(page + ": " + command).isEqualTo(shown);
    }

    private static void check(Path page, String command, List<String> shown, String url) {
        List<String> args = arguments(command);
        if (CLIENTS.contains(args.get(0)) || CLIENTS.contains(args.get(0) + " " + args.get(1))) {
            args.addAll(List.of("--url", url));
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int exit = Main.run(
                args.toArray(String[]::new),
                new Output(out, new PrintStream(err, true, StandardCharsets.UTF_8), false, false));
        String where = page + ": " + command;
        assertThat(exit).as(where + "\n" + err.toString(StandardCharsets.UTF_8)).isZero();
        List<String> printed = out.toString(StandardCharsets.UTF_8).lines().toList();
        if (shown.isEmpty()) {
            assertThat(printed).as(where).isNotEmpty();
        } else {
            assertThat(printed).as(where).isEqualTo(shown);
        }
    }

    /** Splits as a shell does, for single quotes; files are those of the repository. */
    private static List<String> arguments(String command) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        boolean quoted = false;
        for (char c : (command + " ").toCharArray()) {
            if (c == '\'') {
                quoted = !quoted;
            } else if (c == ' ' && !quoted) {
                if (!word.isEmpty()) {
                    Path file = Pages.ROOT.resolve(word.toString());
                    words.add(word.indexOf("/") > 0 && Files.exists(file) ? file.toString() : word.toString());
                }
                word.setLength(0);
            } else {
                word.append(c);
            }
        }
        return words;
    }
}
