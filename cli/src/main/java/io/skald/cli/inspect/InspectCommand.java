/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.inspect;

import io.skald.cli.CommandFailure;
import io.skald.cli.ExitCode;
import io.skald.cli.Output;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skald inspect}. */
@Command(
        description = {
            "Shows what a file of a data directory holds, and whether all its checksums hold.",
            "Takes segments (segments/TENANT/DAY/*.seg) and files of the write-ahead log (wal/*.wal), also of a running server."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  skald inspect skald-data/wal/0000000001.wal",
            "  skald inspect --lines skald-data/segments/*/*/*.seg | grep error",
            "  skald inspect -o json FILE | jq .problems      exit code 1 if there are any"
        })
public final class InspectCommand implements Callable<Integer> {
    /** What is told as what. */
    enum Form {
        DEFAULT,
        JSON
    }

    private final Output out;

    @Parameters(paramLabel = "FILE", arity = "1..*", description = "Segments and files of the write-ahead log.")
    private List<Path> files = List.of();

    @Option(names = "--lines", description = "Print the entries instead: time, stream, line, metadata.")
    private boolean lines;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORM",
            description = "default or json: one object for each file, or for each entry.")
    private String form = "default";

    public InspectCommand(Output out) {
        this.out = out;
    }

    @Override
    public Integer call() throws CommandFailure, Output.Gone {
        if (!List.of("default", "json").contains(form)) {
            throw new CommandFailure(ExitCode.USAGE, "-o: '" + form + "' is not one of default, json");
        }
        Form chosen = form.equals("json") ? Form.JSON : Form.DEFAULT;
        int damaged = 0;
        for (Path file : files) {
            damaged += inspect(file, chosen) ? 0 : 1;
        }
        if (damaged > 0) {
            throw new CommandFailure(ExitCode.FAILURE, damaged + " of " + files.size() + " files damaged");
        }
        return ExitCode.OK;
    }

    /** Whether the file is whole. */
    private boolean inspect(Path file, Form chosen) throws CommandFailure, Output.Gone {
        try {
            return switch (magic(file)) {
                case "SKALDSEG" -> {
                    SegmentView view = new SegmentView(file, out, chosen);
                    yield lines ? view.lines() : view.report();
                }
                case "SKALDWAL" -> {
                    WalView view = new WalView(file, out, chosen);
                    yield lines ? view.lines() : view.report();
                }
                default ->
                    throw new CommandFailure(
                            ExitCode.FAILURE, file + " is neither a segment nor a file of the write-ahead log");
            };
        } catch (Output.Gone e) {
            throw e;
        } catch (NoSuchFileException e) {
            throw new CommandFailure(ExitCode.FAILURE, "no such file: " + file, e);
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.FAILURE, "cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    /** The first eight bytes. */
    private static String magic(Path file) throws IOException, CommandFailure {
        if (Files.isDirectory(file)) {
            throw new CommandFailure(ExitCode.FAILURE, file + " is a directory; name the files in it");
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] b = in.readNBytes(Long.BYTES);
            return b.length < Long.BYTES
                    ? ""
                    : StandardCharsets.US_ASCII.decode(ByteBuffer.wrap(b)).toString();
        }
    }
}
