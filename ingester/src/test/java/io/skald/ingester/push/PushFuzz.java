/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import io.skald.core.config.Limits;
import io.skald.core.disk.Disk;
import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import io.skald.core.model.StoreException;
import io.skald.core.model.StoreException.CorruptData;
import io.skald.core.model.TenantId;
import io.skald.core.wire.BlockPush;
import io.skald.core.wire.otlp.OtlpLogs;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Feeds bytes to a push decoder, for Jazzer (CONTRIBUTING.md has the command) and for tests with random bodies. The first byte chooses the
 * decoder, unless the property {@code skald.fuzz} does. Anything but a refusal, and any allocation beyond the bound, is a finding.
 */
public final class PushFuzz {
    /** What a body that is not compressed may make a decoder allocate: its budget, and what is garbage soon. */
    private static final long BASE = 96L << 20;

    private static final int PER_BYTE = 100;
    private static final int MAX_PUSH = 1 << 20;

    private static final long NOW = 1_800_000_000_000_000_000L;

    private static final Discards DISCARDS = new Discards((tenant, reason, lines, bytes) -> {});
    private static final TenantGates GATES = gates();
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
            case "otlp-proto" -> OtlpLogs.proto(body, n);
            case "otlp-json" -> OtlpLogs.json(body, n);
            case "bulk" -> new BulkDecoder(FIELDS, Instant.EPOCH, "i", n).decode(body, n);
            case "jsonline" -> JsonLinesApi.decode(FIELDS, Instant.EPOCH, body, n);
            case "native" -> blocks(body.clone());
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

    /** A native push under checksums that are right, up to what its blocks become in the WAL. */
    private static void blocks(byte[] body) throws CorruptData {
        ByteBuffer b = ByteBuffer.wrap(body).order(ByteOrder.LITTLE_ENDIAN);
        if (body.length >= 4) {
            putCrc(b, body.length - 4, 0, body.length - 4);
        }
        List<BlockPush.Block> blocks = BlockPush.decode(body, body.length).blocks();
        blocks.forEach(block -> seal(b, block.offset(), block.length()));
        Validator v = new Validator(TenantId.DEFAULT, Limits.DEFAULTS, NOW, DISCARDS, GATES);
        new BlockPreparer(v).prepare(blocks);
    }

    /** Makes the checksums of a block right, as far as its header says where they belong. */
    private static void seal(ByteBuffer b, int from, int length) {
        int header = length >= 12 ? b.getInt(from + 8) : 0;
        if (header <= 44 || header > length) {
            return;
        }
        long column = header;
        for (int at = 40; at + 15 <= header - 4; at += 15 + (b.get(from + at + 14) & 0x7f)) {
            int n = b.getInt(from + at + 2);
            if (n < 0 || column + n > length) {
                break;
            }
            putCrc(b, from + at + 10, from + (int) column, n);
            column += n;
        }
        putCrc(b, from + header - 4, from, header - 4);
    }

    private static void putCrc(ByteBuffer b, int at, int from, int length) {
        CRC32C crc = new CRC32C();
        crc.update(b.slice(from, length));
        b.putInt(at, (int) crc.getValue());
    }

    private static TenantGates gates() {
        try {
            return TenantGates.open(Disk.REAL, Path.of("no-file-of-demoted-labels"));
        } catch (StoreException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The decoders by name. */
    static List<String> decoders() {
        return DECODERS;
    }
}
