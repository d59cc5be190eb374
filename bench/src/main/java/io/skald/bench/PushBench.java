/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.bench;

import com.google.protobuf.CodedOutputStream;
import io.skald.core.config.Limits;
import io.skald.core.disk.Disk;
import io.skald.core.http.HttpRequest;
import io.skald.core.http.Router;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.Labels;
import io.skald.core.model.StoreException;
import io.skald.core.model.TenantId;
import io.skald.core.wire.PushSink;
import io.skald.ingester.head.BatchCodec;
import io.skald.ingester.head.EncodedBatch;
import io.skald.ingester.push.Admission;
import io.skald.ingester.push.Discards;
import io.skald.ingester.push.PushApi;
import io.skald.ingester.push.TenantGates;
import io.skald.ingester.push.Validator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.xerial.snappy.Snappy;

/**
 * A Loki push of 60 streams with about 1 MiB of lines from its body (protobuf, snappy) to the payload of its WAL record: decompressed,
 * decoded, validated, levels found out, encoded. Divide 1,048,576 bytes by the time for bytes per second.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class PushBench {
    private static final int STREAMS = 60;
    private static final int RECORD_BYTES = 8 << 20;

    private static final Discards DISCARDS = new Discards((tenant, reason, lines, bytes) -> {
        throw new IllegalStateException("refused for " + reason);
    });

    private final TenantGates gates = gates();
    private final Map<String, Router.Handler> handlers = new HashMap<>();
    private HttpRequest request = request(new byte[0]);

    @Setup
    public void setUp() throws IOException {
        Router router = new Router() {
            @Override
            public void route(List<String> methods, String pattern, Handler handler) {
                handlers.put(pattern, handler);
            }

            @Override
            public void socket(String pattern, SocketHandler handler) {
                throw new IllegalStateException("a push needs no socket");
            }
        };
        new PushApi(this::store, new Admission(1 << 30), DISCARDS, 64 << 20, false, Clock.systemUTC()).register(router);
        request = request(Snappy.compress(body()));
    }

    private static TenantGates gates() {
        try {
            return TenantGates.open(Disk.REAL, Path.of("no-file-of-demoted-labels"));
        } catch (StoreException e) {
            throw new IllegalStateException("a file that is not there was read", e);
        }
    }

    private static HttpRequest request(byte[] body) {
        return new HttpRequest(
                "POST",
                "/loki/api/v1/push",
                Map.of(),
                Map.of(),
                Map.of("content-type", "application/x-protobuf"),
                body,
                () -> false);
    }

    /** What an ingester does, up to the WAL. */
    private PushSink.PushResult store(TenantId tenant, List<EntryBatch> batches) {
        long now = batches.getFirst().timestampNanos(0);
        Validator validator = new Validator(tenant, Limits.DEFAULTS, now, DISCARDS, gates);
        List<EncodedBatch> records = BatchCodec.encode(tenant, validator.apply(batches), RECORD_BYTES);
        records.forEach(EncodedBatch::release);
        return PushSink.PushResult.stored(records.size());
    }

    private static byte[] body() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        Corpus.Kind[] kinds = Corpus.Kind.values();
        for (int s = 0; s < STREAMS; s++) {
            EntryBatch b = Corpus.batch(kinds[s % kinds.length], (1 << 20) / STREAMS, s);
            Labels labels = b.labels().toBuilder().set("pod", "pod-" + s).build();
            out.writeByteArray(1, stream(labels, b));
        }
        out.flush();
        return bytes.toByteArray();
    }

    private static byte[] stream(Labels labels, EntryBatch b) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        out.writeString(1, labels.toString());
        for (int i = 0; i < b.size(); i++) {
            ByteArrayOutputStream entry = new ByteArrayOutputStream();
            CodedOutputStream e = CodedOutputStream.newInstance(entry);
            ByteArrayOutputStream time = new ByteArrayOutputStream();
            CodedOutputStream t = CodedOutputStream.newInstance(time);
            t.writeInt64(1, b.timestampNanos(i) / 1_000_000_000);
            t.writeInt32(2, (int) (b.timestampNanos(i) % 1_000_000_000));
            t.flush();
            e.writeByteArray(1, time.toByteArray());
            e.writeTag(2, 2);
            e.writeUInt32NoTag(b.length(i));
            e.writeRawBytes(b.buffer(i), b.offset(i), b.length(i));
            e.flush();
            out.writeByteArray(2, entry.toByteArray());
        }
        out.flush();
        return bytes.toByteArray();
    }

    @Benchmark
    public int push() throws Exception {
        return handlers.getOrDefault("/loki/api/v1/push", r -> {
                    throw new IllegalStateException("no route");
                })
                .handle(request)
                .status();
    }
}
