/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.http;

import io.skald.core.model.ErrorCode;
import io.skald.core.model.RequestException;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/** Sockets that the tests open. */
final class WebSocketRoutes {
    private WebSocketRoutes() {}

    static void add(Router router, AtomicLong written, CompletableFuture<Throwable> failure) {
        router.socket("/ws/count", (r, s) -> {
            int n = Integer.parseInt(r.paramOr("n", "0"));
            if (n < 0) {
                throw new RequestException(ErrorCode.BAD_REQUEST, "n must not be negative");
            }
            for (int i = 0; i < n; i++) {
                s.send("message " + i);
            }
            if (r.param("fail") != null) {
                throw new RequestException(ErrorCode.BAD_REQUEST, "policy " + "é".repeat(100));
            }
        });
        router.socket("/ws/endless", (r, s) -> {
            String text = "x".repeat(10_000);
            try {
                while (true) {
                    s.send(text);
                    written.addAndGet(text.length());
                }
            } catch (IOException e) {
                failure.complete(e);
                throw e;
            }
        });
        router.socket("/ws/open", (r, s) -> {
            s.accept();
            while (s.isOpen()) {
                Thread.sleep(5);
            }
        });
    }
}
