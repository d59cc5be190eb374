/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.record;

import com.google.protobuf.CodedOutputStream;
import io.skald.core.model.Labels;
import io.skald.querier.rules.eval.Recorded;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;

/**
 * Prometheus' remote-write message, version 1. Two messages one behind the other are one with the series of both, so requests can be joined as
 * bytes.
 */
final class WriteRequests {
    private static final int REQUEST_SERIES = 1;
    private static final int SERIES_LABELS = 1;
    private static final int SERIES_SAMPLES = 2;
    private static final int LABEL_NAME = 1;
    private static final int LABEL_VALUE = 2;
    private static final int SAMPLE_VALUE = 1;
    private static final int SAMPLE_MILLIS = 2;

    private WriteRequests() {}

    private interface Content {
        void write(CodedOutputStream out) throws IOException;
    }

    /** @param externalLabels added to series that do not have them */
    static byte[] encode(List<Recorded> samples, Labels externalLabels) {
        return bytes(out -> {
            for (Recorded s : samples) {
                out.writeByteArray(REQUEST_SERIES, series(s, externalLabels));
            }
        });
    }

    private static byte[] series(Recorded s, Labels externalLabels) {
        Labels.Builder b = new Labels.Builder();
        for (Labels each : List.of(externalLabels, s.labels())) {
            for (int i = 0; i < each.size(); i++) {
                b.set(each.name(i), each.value(i));
            }
        }
        Labels labels = b.build();
        return bytes(out -> {
            for (int i = 0; i < labels.size(); i++) {
                String name = labels.name(i);
                String value = labels.value(i);
                out.writeByteArray(SERIES_LABELS, bytes(l -> {
                    l.writeString(LABEL_NAME, name);
                    l.writeString(LABEL_VALUE, value);
                }));
            }
            out.writeByteArray(SERIES_SAMPLES, bytes(v -> {
                v.writeDouble(SAMPLE_VALUE, s.value());
                v.writeInt64(SAMPLE_MILLIS, s.atNanos() / 1_000_000);
            }));
        });
    }

    private static byte[] bytes(Content content) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes, 512);
        try {
            content.write(out);
            out.flush();
        } catch (IOException e) {
            throw new IllegalStateException("writing to the heap failed", e);
        }
        return bytes.toByteArray();
    }
}
