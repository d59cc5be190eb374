/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.model;

import java.io.Serial;

/** The world's fault: a disk, an object store or an index that does not answer as it should. Retrying is decided by the subtype. */
public class StoreException extends Exception {
    @Serial
    private static final long serialVersionUID = 1;

    public StoreException(String message) {
        super(message);
    }

    public StoreException(String message, Throwable cause) {
        super(message, cause);
    }

    /** The object or record does not exist. */
    public static final class NotFound extends StoreException {
        @Serial
        private static final long serialVersionUID = 1;

        public NotFound(String message) {
            super(message);
        }
    }

    /** The store asks for patience; the same call may succeed later. */
    public static final class Throttled extends StoreException {
        @Serial
        private static final long serialVersionUID = 1;

        public Throttled(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** The store cannot be reached or is full; the same call may succeed later. */
    public static final class Unavailable extends StoreException {
        @Serial
        private static final long serialVersionUID = 1;

        public Unavailable(String message) {
            super(message);
        }

        public Unavailable(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** Bytes that are not what was written; the message names object and offset. Retrying does not help. */
    public static final class CorruptData extends StoreException {
        @Serial
        private static final long serialVersionUID = 1;

        public CorruptData(String message) {
            super(message);
        }

        public CorruptData(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** A reader asked for a state that the other side no longer, or not yet, has; ask again at a newer version. */
    public static final class Stale extends StoreException {
        @Serial
        private static final long serialVersionUID = 1;

        public Stale(String message) {
            super(message);
        }
    }
}
