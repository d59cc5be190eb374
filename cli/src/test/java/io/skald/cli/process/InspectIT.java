/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.cli.CommandRun;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code skald inspect} on what a server has written, whole and damaged. */
class InspectIT {
    private static final int LINES = 500;

    @TempDir
    private Path dir;

    /** Leaves a WAL file and then, after the flush of a stop, a segment. */
    private Path wal() throws Exception {
        Path data = dir.resolve("data");
        try (SkaldProcess skald =
                SkaldProcess.start(dir.resolve("out"), "run", "--http", "127.0.0.1:0", "--data", data.toString())) {
            String url = skald.awaitUrl();
            long now = System.currentTimeMillis() * 1_000_000;
            for (String app : new String[] {"a", "b"}) {
                StringBuilder values = new StringBuilder();
                IntStream.range(0, LINES)
                        .forEach(i -> values.append(i == 0 ? "" : ",")
                                .append("[\"" + (now + i) + "\",\"" + app + " line " + i + "\",{\"id\":\"" + i
                                        + "\"}]"));
                HttpRequest push = HttpRequest.newBuilder(URI.create(url + "/loki/api/v1/push"))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(
                                "{\"streams\":[{\"stream\":{\"app\":\"" + app + "\"},\"values\":[" + values + "]}]}"))
                        .build();
                assertThat(SkaldProcess.send(HttpClient.newHttpClient(), push).status())
                        .isEqualTo(204);
            }
            Path copy = dir.resolve("copy.wal");
            Files.copy(find(data.resolve("wal"), ".wal"), copy);
            assertThat(skald.stop()).isZero();
            return copy;
        }
    }

    private static Path find(Path below, String ending) throws IOException {
        try (Stream<Path> files = Files.walk(below)) {
            return files.filter(f -> f.getFileName().toString().matches("[^-]*"))
                    .filter(f -> f.toString().endsWith(ending))
                    .sorted()
                    .findFirst()
                    .orElseThrow();
        }
    }

    private Path flipped(Path file, long at) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[(int) at] ^= 4;
        return Files.write(dir.resolve("flipped" + file.getFileName()), bytes);
    }

    @Test
    void showsWhatIsThereAndFindsDamage() throws Exception {
        Path wal = wal();
        Path segment = find(dir.resolve("data/segments"), ".seg");

        CommandRun run = CommandRun.of("inspect", wal.toString());
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out())
                .contains("records    2, up to", "checksums  all hold", "tenant     fake: 2 streams")
                .containsPattern("app=\"a\".*: 500 entries, ");
        assertThat(CommandRun.of("inspect", wal.toString(), "-o", "json").out())
                .contains("\"kind\":\"wal\"", "\"records\":2", "\"problems\":[]", "\"entries\":500")
                .hasLineCount(1);
        CommandRun lines = CommandRun.of("inspect", "--lines", wal.toString());
        assertThat(lines.lines()).hasSize(2 * LINES);
        assertThat(lines.out()).contains(" fake {app=\"a\"").contains("} b line 499 {");

        run = CommandRun.of("inspect", segment.toString());
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out())
                .contains("entries    1000 in 2 chunks", "checksums  all hold", "blocks     1", "streams    2")
                .contains("  series at ", ", several streams");
        assertThat(CommandRun.of("inspect", segment.toString(), "-o", "json").out())
                .contains("\"kind\":\"segment\"", "\"problems\":[]", "\"name\":\"blocks\"")
                .hasLineCount(1);
        lines = CommandRun.of("inspect", "--lines", "-o", "json", segment.toString());
        assertThat(lines.lines()).hasSize(2 * LINES);
        assertThat(lines.out()).contains("\"id\":\"7\"").contains("\"line\":\"a line 7\"");

        Path flippedWal = flipped(wal, 1000);
        run = CommandRun.of("inspect", flippedWal.toString());
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.out()).contains("records    1,", "no whole record from offset 64 to ");
        assertThat(run.err()).isEqualTo("skald inspect: 1 of 1 files damaged\n");
        assertThat(CommandRun.of("inspect", "--lines", flippedWal.toString()).lines())
                .hasSize(LINES);
    }

    /** No single bit of a segment can change unseen. */
    @Test
    void everyFlippedBitOfASegmentIsSeen() throws Exception {
        wal();
        Path segment = find(dir.resolve("data/segments"), ".seg");
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 100; i++) {
            // the magic is what tells a segment, and the rest of its header is not covered
            long at = 16 + random.nextLong(Files.size(segment) - 16);
            CommandRun run = CommandRun.of("inspect", flipped(segment, at).toString());
            assertThat(run.exitCode())
                    .as("bit flipped at %d, seed %d\n%s", at, seed, run.out())
                    .isEqualTo(1);
            assertThat(run.out()).contains("segment");
            assertThat(run.err()).isEqualTo("skald inspect: 1 of 1 files damaged\n");
        }
    }

    @Test
    void saysWhatItCannotLookAt() throws Exception {
        Path text = Files.writeString(dir.resolve("text"), "just some text");
        String[][] table = {
            {text.toString(), text + " is neither a segment nor a file of the write-ahead log"},
            {dir.resolve("none").toString(), "no such file: " + dir.resolve("none")},
            {dir.toString(), dir + " is a directory; name the files in it"},
        };
        for (String[] row : table) {
            CommandRun run = CommandRun.of("inspect", row[0]);
            assertThat(run.exitCode()).isEqualTo(1);
            assertThat(run.err()).isEqualTo("skald inspect: " + row[1] + "\n");
        }
        assertThat(CommandRun.of("inspect", text.toString(), "-o", "xml").err())
                .isEqualTo("skald inspect: -o: 'xml' is not one of default, json\n");
    }
}
