/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.bench.day;

import io.skald.storage.StoreMetrics;
import io.skald.storage.StoreMetrics.Usage;
import java.util.Map;
import java.util.TreeMap;

/** What was asked of the stores, as the product counts it, and what that costs by AWS' list prices for us-east-1. */
final class Calls {
    static final double PUT = 0.005 / 1000;
    static final double GET = 0.0004 / 1000;
    static final double READ_UNIT = 0.125 / 1e6;
    static final double WRITE_UNIT = 0.625 / 1e6;
    static final double GIB_MONTH = 0.023;

    final Map<String, Long> byOperation = new TreeMap<>();
    long puts;
    long gets;
    long lists;
    long getBytes;
    double readUnits;
    double writeUnits;

    private Calls() {}

    static Calls of(StoreMetrics metrics) {
        Calls c = new Calls();
        for (Usage u : metrics.usage()) {
            c.byOperation.merge(u.store() + "." + u.operation(), u.requests(), Long::sum);
            c.readUnits += u.readUnits();
            c.writeUnits += u.writeUnits();
            if (u.store().equals("s3")) {
                switch (u.operation()) {
                    case "PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload" ->
                        c.puts += u.requests();
                    case "ListObjectsV2" -> c.lists += u.requests();
                    case "DeleteObject", "AbortMultipartUpload" -> {
                        // free
                    }
                    default -> {
                        c.gets += u.requests();
                        c.getBytes += u.receivedBytes();
                    }
                }
            }
        }
        return c;
    }

    /** What came since. */
    Calls minus(Calls before) {
        Calls c = new Calls();
        byOperation.forEach((k, v) -> c.byOperation.put(k, v - before.byOperation.getOrDefault(k, 0L)));
        c.puts = puts - before.puts;
        c.gets = gets - before.gets;
        c.lists = lists - before.lists;
        c.getBytes = getBytes - before.getBytes;
        c.readUnits = readUnits - before.readUnits;
        c.writeUnits = writeUnits - before.writeUnits;
        return c;
    }

    double dollars() {
        return (puts + lists) * PUT + gets * GET + readUnits * READ_UNIT + writeUnits * WRITE_UNIT;
    }
}
