/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent;

import com.sun.management.ThreadMXBean;
import io.skald.agent.pipeline.ContainerLine;
import io.skald.agent.pipeline.StageFuzz;
import io.skald.agent.receive.SourceFuzz;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Feeds bytes to a decoder of the agent, the one that the property {@code skald.fuzz} names, for Jazzer (CONTRIBUTING.md has the command) and for
 * tests with mutated bytes. Anything but a refusal, and any allocation beyond the bound, is a finding.
 */
public final class AgentFuzz {
    /** What bytes that are not compressed may make a decoder allocate. */
    private static final long BASE = 96L << 20;

    private static final int PER_BYTE = 1000;

    static final List<String> DECODERS = List.of(
            "syslog",
            "syslog-frames",
            "firehose",
            "firehose-body",
            "cloudwatch",
            "gzip",
            "push-json",
            "push-proto",
            "push-snappy",
            "otlp-json",
            "otlp-proto",
            "docker-frames",
            "docker-terminal",
            "docker-list",
            "journal",
            "cri",
            "docker-json",
            "jmespath",
            "positions");

    private AgentFuzz() {}

    /** Called by Jazzer. */
    public static void fuzzerTestOneInput(byte[] input) {
        run(System.getProperty("skald.fuzz", "syslog"), input);
    }

    /** Decodes; fails if the decoder does anything but to take or to refuse the bytes. */
    static void run(String decoder, byte[] bytes) {
        long most = BASE + (long) PER_BYTE * bytes.length;
        // the first time may have loaded classes
        if (measured(decoder, bytes) > most) {
            long allocated = measured(decoder, bytes);
            if (allocated > most) {
                throw new IllegalStateException(allocated + " bytes allocated for " + bytes.length);
            }
        }
    }

    private static long measured(String decoder, byte[] bytes) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        try {
            decode(decoder, bytes.clone());
        } catch (RequestException e) {
            if (e.code() != ErrorCode.BAD_REQUEST && e.code() != ErrorCode.PAYLOAD_TOO_LARGE) {
                throw new IllegalStateException("unexpected refusal", e);
            }
        } catch (IOException e) {
            if (!decoder.startsWith("docker") && !decoder.equals("journal")) {
                throw new IllegalStateException("unexpected refusal", e);
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts", e);
        }
        return threads.getCurrentThreadAllocatedBytes() - before;
    }

    private static void decode(String decoder, byte[] b) throws IOException, InterruptedException {
        switch (decoder) {
            case "cri" -> container(ContainerLine.parseCri(b, 0, b.length), b, decoder);
            case "docker-json" -> container(ContainerLine.parseDocker(b, 0, b.length), b, decoder);
            case "jmespath" -> StageFuzz.jmesPath(new String(b, StandardCharsets.UTF_8));
            case "positions" -> {
                LegacyPositions p = LegacyPositions.parse("f", new String(b, StandardCharsets.UTF_8), List.of());
                p.offsets().forEach((path, offset) -> {
                    if (!path.startsWith("/") || offset < 0) {
                        throw new IllegalStateException(path + ": " + offset);
                    }
                });
            }
            default -> SourceFuzz.read(decoder, b);
        }
    }

    private static void container(@org.jspecify.annotations.Nullable ContainerLine line, byte[] b, String format) {
        if (line != null
                && (line.offset() < 0 || line.length() < 0 || line.offset() + line.length() > line.buffer().length)) {
            throw new IllegalStateException(line + " of " + b.length);
        }
        StageFuzz.stages(format, b);
    }
}
