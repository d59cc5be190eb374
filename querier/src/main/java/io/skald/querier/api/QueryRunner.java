/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.api;

import io.skald.core.config.Limits;
import io.skald.core.model.StoreException;
import io.skald.core.scan.LogSource;
import io.skald.logql.engine.QueryRequest;
import io.skald.logql.engine.QueryResult;
import java.util.function.BooleanSupplier;

/** Runs a query; the engine's {@code run}. Thread-safe. */
@FunctionalInterface
public interface QueryRunner {
    /** @throws io.skald.core.model.RequestException with CLIENT_CLOSED once {@code cancelled} is true */
    QueryResult run(QueryRequest request, LogSource source, Limits limits, BooleanSupplier cancelled)
            throws StoreException, InterruptedException;
}
