/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.http;

import java.io.IOException;

/** The server's end of a WebSocket. {@link #send} is for one thread; the rest is thread-safe. */
public interface WebSocket {
    /**
     * Completes the handshake, if that is still to be done.
     *
     * @throws IOException when the client is gone
     */
    void accept() throws IOException;

    /**
     * Sends one text message, blocking while the client is slow (so that nothing need be dropped or buffered without bound).
     *
     * @throws IOException when the client is gone
     */
    void send(String text) throws IOException;

    /** Whether the client is still there. */
    boolean isOpen();

    /** Closes with a status (1000 normal, 1008 policy, 1011 server error) and a reason of at most 123 bytes. */
    void close(int status, String reason);
}
