/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.service;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * What a process has opened, closed in reverse order. Every part is closed, whatever the others throw. Thread-safe: guarded by {@code this};
 * {@link #close} is idempotent.
 */
public final class CloseStack implements AutoCloseable {
    private record Part(String name, AutoCloseable resource) {}

    private final Deque<Part> parts = new ArrayDeque<>();
    private boolean closed;

    /**
     * Adds a part, to be closed before all that were added earlier.
     *
     * @param name for the message if closing fails
     * @return the part
     * @throws IllegalStateException if the stack is closed; the part is closed then
     */
    public synchronized <T extends AutoCloseable> T add(String name, T resource) {
        if (closed) {
            IllegalStateException e = new IllegalStateException("already stopped, cannot add " + name);
            try {
                resource.close();
            } catch (Exception closing) {
                e.addSuppressed(closing);
            }
            throw e;
        }
        parts.push(new Part(name, resource));
        return resource;
    }

    /**
     * Closes all parts.
     *
     * @throws IllegalStateException naming the first part that could not be closed; later failures are suppressed in it
     */
    @Override
    public void close() {
        IllegalStateException failure = null;
        for (Part p = pop(); p != null; p = pop()) {
            try {
                p.resource.close();
            } catch (Exception e) {
                if (e instanceof InterruptedException) {
                    Thread.currentThread().interrupt();
                }
                if (failure == null) {
                    failure = new IllegalStateException("could not close " + p.name + ": " + e.getMessage(), e);
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private synchronized @Nullable Part pop() {
        closed = true;
        return parts.poll();
    }
}
