/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.source;

import io.skald.core.model.StoreException;
import io.skald.core.wire.RecentEntries;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * What an ingester answered.
 *
 * @param answer null if it failed
 * @param failure null if it answered
 */
record Asked<T>(
        RecentEntries ingester,
        @Nullable T answer,
        @Nullable StoreException failure) {
    /** Asks an ingester. */
    interface Question<T> {
        T ask(RecentEntries ingester) throws StoreException;
    }

    /** Asks several at once, and waits for all of them. */
    static <T> List<Asked<T>> all(List<RecentEntries> ingesters, Question<T> question) throws StoreException {
        if (ingesters.size() == 1) {
            return List.of(one(ingesters.getFirst(), question));
        }
        List<FutureTask<Asked<T>>> running = new ArrayList<>();
        for (RecentEntries r : ingesters) {
            FutureTask<Asked<T>> task = new FutureTask<>(() -> one(r, question));
            running.add(task);
            Thread.ofVirtual().name("ask-" + r.ingesterId()).start(task);
        }
        List<Asked<T>> answers = new ArrayList<>();
        InterruptedException interrupted = null;
        for (FutureTask<Asked<T>> task : running) {
            boolean waiting = true;
            while (waiting) {
                try {
                    answers.add(task.get());
                    waiting = false;
                } catch (InterruptedException e) {
                    interrupted =
                            e; // what is answered must be known, as it is to be closed; requests end by themselves
                } catch (ExecutionException e) {
                    throw new IllegalStateException("asking an ingester failed", e.getCause());
                }
            }
        }
        if (interrupted != null) {
            Thread.currentThread().interrupt();
        }
        return answers;
    }

    private static <T> Asked<T> one(RecentEntries ingester, Question<T> question) {
        try {
            return new Asked<>(ingester, question.ask(ingester), null);
        } catch (StoreException e) {
            return new Asked<>(ingester, null, e);
        }
    }
}
