/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.core.model.TenantId;
import io.skald.core.wire.BlockPush;
import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;

/**
 * Feeds bytes to a push decoder, for Jazzer (CONTRIBUTING.md has the command) and for tests with random bodies. The first byte chooses the
 * decoder, unless the property {@code skald.fuzz} does. Anything but a refusal, and any allocation beyond the bound, is a finding.
 */
public final class PushFuzz {
    /** What a body that is not compressed may make a decoder allocate: its budget, and what is garbage soon. */
    private static final long BASE = 96L << 20;

    private static final int PER_BYTE = 100;
    private static final int MAX_PUSH = 1 << 20;

    private static final LabelCache CACHE = new LabelCache();
    private static final Documents.Fields FIELDS =
            new Documents.Fields(List.of("message"), List.of("@timestamp"), List.of("app", "a.b"), List.of("ignored"));
    private static final List<String> DECODERS = List.of(
            "proto", "json", "otlp-proto", "otlp-json", "bulk", "jsonline", "native", "gzip", "deflate", "snappy");

    private PushFuzz() {}

    /** Called by Jazzer. */
    public static void fuzzerTestOneInput(byte[] input) {
        String named = System.getProperty("skald.fuzz");
        if (named != null) {
            run(named, input);
        } else if (input.length > 0) {
            run(DECODERS.get((input[0] & 0xff) % DECODERS.size()), Arrays.copyOfRange(input, 1, input.length));
        }
    }

    /** Decodes a body; fails if the decoder does anything but to take or to refuse it. */
    static void run(String decoder, byte[] body) {
        long most = BASE + (long) PER_BYTE * body.length;
        // the first time may have loaded classes
        if (measured(decoder, body) > most) {
            long allocated = measured(decoder, body);
            if (allocated > most) {
                throw new IllegalStateException(allocated + " bytes allocated for a body of " + body.length);
            }
        }
    }

    /** Decodes a body; returns the bytes that were allocated. */
    private static long measured(String decoder, byte[] body) {
        com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        try {
            decode(decoder, body);
        } catch (RequestException e) {
            if (e.code() != ErrorCode.BAD_REQUEST
                    && e.code() != ErrorCode.PAYLOAD_TOO_LARGE
                    && e.code() != ErrorCode.UNAVAILABLE) {
                throw new IllegalStateException("unexpected refusal", e);
            }
        } catch (CorruptData e) {
            if (!decoder.equals("native")) {
                throw new IllegalStateException("unexpected failure", e);
            }
        }
        return threads.getCurrentThreadAllocatedBytes() - before;
    }

    static void decode(String decoder, byte[] body) throws CorruptData {
        int n = body.length;
        switch (decoder) {
            case "proto" -> PushProto.decode(body, n, CACHE);
            case "json" -> PushJson.decode(body, n);
            case "otlp-proto" -> OtlpProto.decode(body, n);
            case "otlp-json" -> OtlpJson.decode(body, n);
            case "bulk" -> new BulkDecoder(FIELDS, Instant.EPOCH, "i", n).decode(body, n);
            case "jsonline" -> JsonLinesApi.decode(FIELDS, Instant.EPOCH, body, n);
            case "native" -> BlockPush.decode(body, n);
            default -> {
                Admission admission = new Admission(4L * MAX_PUSH);
                try (Admission.Ticket ticket = admission.admit(TenantId.DEFAULT, n);
                        Decompress d = new Decompress(ticket, MAX_PUSH)) {
                    d.body(body, decoder);
                    d.snappyWithin();
                    if (d.length() > MAX_PUSH) {
                        throw new IllegalStateException(d.length() + " bytes came out");
                    }
                }
            }
        }
    }

    /** The decoders by name. */
    static List<String> decoders() {
        return DECODERS;
    }
}
