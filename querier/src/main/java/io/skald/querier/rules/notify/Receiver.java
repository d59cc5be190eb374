/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.notify;

import io.skald.querier.rules.eval.Outgoing;
import java.util.List;

/** Somebody who is told of alerts. Used by one thread at a time. */
interface Receiver extends AutoCloseable {
    /** For logs and metrics. */
    String name();

    /** Most alerts in one message. */
    int mostAtOnce();

    /** Tells of alerts; blocks. */
    void send(List<Outgoing> alerts) throws SendException, InterruptedException;

    @Override
    default void close() {}
}
