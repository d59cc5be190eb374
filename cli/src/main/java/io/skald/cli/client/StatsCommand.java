/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.client;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import io.skald.core.config.ByteSize;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skald stats}. */
@Command(
        description = {
            "Prints how much a selector holds in a time range: streams, chunks, entries and bytes of lines.",
            "With --by it prints the bytes per value of these labels, the largest first."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  skald stats '{app=\"shop\"}' --since 24h",
            "  skald stats '{env=\"prod\"}' --by app,level --limit 20",
            "  skald stats '{env=\"prod\"}' -o jsonl"
        })
public final class StatsCommand implements Callable<Integer> {
    private final Output out;

    @Parameters(paramLabel = "SELECTOR", description = "Streams, like {app=\"shop\"}; quote it for the shell.")
    private String selector = "";

    @Option(
            names = "--by",
            paramLabel = "LABEL",
            split = ",",
            description = "Bytes per value of this label; several as app,level.")
    private List<String> by = List.of();

    @Option(names = "--limit", paramLabel = "N", description = "With --by: most rows, the largest; default 100.")
    private int limit = 100;

    @Mixin
    private TimeOptions time = new TimeOptions();

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORM",
            converter = FormConverter.class,
            description = "default, or jsonl (one JSON object a line, sizes in bytes).")
    private ResultPrinter.Form form = ResultPrinter.Form.DEFAULT;

    @Mixin
    private ServerOptions server = new ServerOptions();

    public StatsCommand(Output out) {
        this.out = out;
    }

    @Override
    public Integer call() throws CommandFailure, IOException {
        if (form == ResultPrinter.Form.RAW) {
            throw new CommandFailure(ExitCode.USAGE, "-o raw is for lines; stats have default and jsonl");
        }
        if (limit < 1) {
            throw new CommandFailure(ExitCode.USAGE, "--limit: " + limit + " is less than 1");
        }
        TimeOptions.Range range = time.range(LabelsCommand.DEFAULT_RANGE, Instant.now());
        Map<String, List<String>> params = new LinkedHashMap<>();
        params.put("query", List.of(selector));
        params.put("start", List.of(Long.toString(range.startNanos())));
        params.put("end", List.of(Long.toString(range.endNanos())));
        try (LokiClient client = new LokiClient(server)) {
            if (by.isEmpty()) {
                print(client.get("/loki/api/v1/index/stats", params, StatsCommand::counts));
            } else {
                params.put("targetLabels", List.of(String.join(",", by)));
                params.put("limit", List.of(Integer.toString(limit)));
                printVolumes(client.get("/loki/api/v1/index/volume", params, Answer::read));
            }
            return ExitCode.OK;
        } catch (LokiClient.Refused e) {
            throw e.asFailure(selector);
        }
    }

    private static Map<String, Long> counts(JsonParser json) throws IOException {
        Map<String, Long> counts = new LinkedHashMap<>();
        for (String name : List.of("streams", "chunks", "entries", "bytes")) {
            counts.put(name, 0L);
        }
        Answer.eachField(json, json.nextToken(), name -> {
            if (counts.containsKey(name) && json.currentToken() == JsonToken.VALUE_NUMBER_INT) {
                counts.put(name, json.getLongValue());
            } else {
                json.skipChildren();
            }
        });
        return counts;
    }

    private void print(Map<String, Long> counts) throws Output.Gone {
        if (form == ResultPrinter.Form.JSONL) {
            List<String> fields = new ArrayList<>();
            counts.forEach((name, n) -> fields.add('"' + name + "\":" + n));
            out.println("{" + String.join(",", fields) + "}");
            return;
        }
        for (Map.Entry<String, Long> e : counts.entrySet()) {
            String n = e.getKey().equals("bytes") ? ByteSize.approximate(e.getValue()) : Long.toString(e.getValue());
            out.println(String.format("%-8s %s", e.getKey(), n));
        }
    }

    private void printVolumes(Answer answer) throws Output.Gone, IOException {
        if (!(answer instanceof Answer.Samples volumes)) {
            throw new IOException("the server answered lines where sizes were asked for");
        }
        for (Answer.Series s : volumes.series()) {
            long bytes = Long.parseLong(s.samples().getLast().value());
            out.println(
                    form == ResultPrinter.Form.JSONL
                            ? "{\"labels\":" + ResultPrinter.labelsJson(s.labels()) + ",\"bytes\":" + bytes + "}"
                            : String.format("%10s  %s", ByteSize.approximate(bytes), ResultPrinter.format(s.labels())));
        }
    }
}
