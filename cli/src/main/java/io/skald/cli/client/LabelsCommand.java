/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.client;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skald labels}. */
@Command(
        description = "Prints the names of labels, or the values of one label; one a line.",
        footerHeading = "%nExamples:%n",
        footer = {"  skald labels", "  skald labels app", "  skald labels app --match '{env=\"prod\"}' --since 24h"})
public final class LabelsCommand implements Callable<Integer> {
    static final Duration DEFAULT_RANGE = Duration.ofHours(6);

    private final Output out;

    @Parameters(paramLabel = "NAME", arity = "0..1", description = "A label: its values are printed.")
    private @Nullable String name;

    @Option(names = "--match", paramLabel = "SELECTOR", description = "Only of streams that match.")
    private @Nullable String selector;

    @Mixin
    private TimeOptions time = new TimeOptions();

    @Mixin
    private ServerOptions server = new ServerOptions();

    public LabelsCommand(Output out) {
        this.out = out;
    }

    @Override
    public Integer call() throws CommandFailure, IOException {
        TimeOptions.Range range = time.range(DEFAULT_RANGE, Instant.now());
        Map<String, List<String>> params = new LinkedHashMap<>();
        params.put("start", List.of(Long.toString(range.startNanos())));
        params.put("end", List.of(Long.toString(range.endNanos())));
        if (selector != null) {
            params.put("query", List.of(selector));
        }
        String path = name == null
                ? "/loki/api/v1/labels"
                : "/loki/api/v1/label/" + URLEncoder.encode(name, StandardCharsets.UTF_8) + "/values";
        try (LokiClient client = new LokiClient(server)) {
            for (String s : client.get(path, params, LabelsCommand::strings)) {
                out.println(s);
            }
            return ExitCode.OK;
        } catch (LokiClient.Refused e) {
            throw e.asFailure();
        }
    }

    private static List<String> strings(JsonParser json) throws IOException {
        List<String> out = new ArrayList<>();
        Answer.eachField(json, json.nextToken(), field -> {
            if (field.equals("data") && json.currentToken() == JsonToken.START_ARRAY) {
                while (json.nextToken() != JsonToken.END_ARRAY) {
                    out.add(json.getText());
                }
            } else {
                json.skipChildren();
            }
        });
        return out;
    }
}
