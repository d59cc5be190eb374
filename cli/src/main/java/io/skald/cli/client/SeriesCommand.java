/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.client;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skald series}. */
@Command(
        description = "Prints the label sets of the streams that match; one a line.",
        footerHeading = "%nExamples:%n",
        footer = {"  skald series '{app=\"shop\"}'", "  skald series '{env=~\"prod|stage\"}' --since 7d -o jsonl"})
public final class SeriesCommand implements Callable<Integer> {
    private final Output out;

    @Parameters(
            paramLabel = "SELECTOR",
            arity = "1..*",
            description = "Streams to list, like {app=\"shop\"}; several are united.")
    private List<String> selectors = List.of();

    @Mixin
    private TimeOptions time = new TimeOptions();

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORM",
            converter = FormConverter.class,
            description = "default, or jsonl (one JSON object a line).")
    private ResultPrinter.Form form = ResultPrinter.Form.DEFAULT;

    @Mixin
    private ServerOptions server = new ServerOptions();

    public SeriesCommand(Output out) {
        this.out = out;
    }

    @Override
    public Integer call() throws CommandFailure, IOException {
        if (form == ResultPrinter.Form.RAW) {
            throw new CommandFailure(ExitCode.USAGE, "-o raw is for lines; series have default and jsonl");
        }
        TimeOptions.Range range = time.range(LabelsCommand.DEFAULT_RANGE, Instant.now());
        Map<String, List<String>> params = new LinkedHashMap<>();
        params.put("match[]", selectors);
        params.put("start", List.of(Long.toString(range.startNanos())));
        params.put("end", List.of(Long.toString(range.endNanos())));
        try (LokiClient client = new LokiClient(server)) {
            TreeMap<String, Map<String, String>> sorted = new TreeMap<>();
            for (Map<String, String> labels : client.get("/loki/api/v1/series", params, SeriesCommand::labelSets)) {
                sorted.put(ResultPrinter.format(labels), labels);
            }
            for (Map.Entry<String, Map<String, String>> e : sorted.entrySet()) {
                out.println(form == ResultPrinter.Form.JSONL ? ResultPrinter.labelsJson(e.getValue()) : e.getKey());
            }
            return ExitCode.OK;
        } catch (LokiClient.Refused e) {
            throw e.asFailure();
        }
    }

    private static List<Map<String, String>> labelSets(JsonParser json) throws IOException {
        List<Map<String, String>> out = new ArrayList<>();
        Answer.eachField(json, json.nextToken(), field -> {
            if (field.equals("data") && json.currentToken() == JsonToken.START_ARRAY) {
                while (json.nextToken() == JsonToken.START_OBJECT) {
                    out.add(Answer.labels(json));
                }
            } else {
                json.skipChildren();
            }
        });
        return out;
    }
}
