/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.client;

import com.fasterxml.jackson.core.JsonParser;
import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import io.skald.core.config.ByteSize;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code skald flush}. */
@Command(
        description = {
            "Writes what an ingester holds in its write-ahead log into segments, and waits until it is committed.",
            "Nothing depends on it: it is for tests, for backups, and before a disk is detached."
        },
        footerHeading = "%nExamples:%n",
        footer = "  skald flush --url http://ingester-0:3100")
public final class FlushCommand implements Callable<Integer> {
    private final Output out;

    @Mixin
    private ServerOptions server = new ServerOptions();

    public FlushCommand(Output out) {
        this.out = out;
    }

    @Override
    public Integer call() throws CommandFailure, IOException {
        try (LokiClient client = new LokiClient(server)) {
            Map<String, Double> done = client.post("/flush", FlushCommand::numbers);
            out.println(String.format(
                    "flushed %d entries (%s) into %d segments (%s) in %.3f s",
                    count(done, "entries"),
                    ByteSize.approximate(count(done, "lineBytes")),
                    count(done, "segments"),
                    ByteSize.approximate(count(done, "storedBytes")),
                    done.getOrDefault("seconds", 0.0)));
            return ExitCode.OK;
        } catch (LokiClient.Refused e) {
            throw e.asFailure();
        }
    }

    static long count(Map<String, Double> numbers, String name) {
        return numbers.getOrDefault(name, 0.0).longValue();
    }

    /** The numbers of an answer, by name. */
    static Map<String, Double> numbers(JsonParser json) throws IOException {
        Map<String, Double> numbers = new LinkedHashMap<>();
        Answer.eachField(json, json.nextToken(), name -> {
            if (json.currentToken().isNumeric()) {
                numbers.put(name, json.getDoubleValue());
            } else {
                json.skipChildren();
            }
        });
        return numbers;
    }
}
