/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.ast;

/**
 * A place in the query text. Not part of a node's equality: {@code equals} of two positions is always true, so that trees compare by
 * meaning.
 *
 * @param line from 1
 * @param column from 1, in characters
 */
public record Position(int line, int column) {
    public static final Position START = new Position(1, 1);

    @Override
    public boolean equals(Object o) {
        return o instanceof Position;
    }

    @Override
    public int hashCode() {
        return 0;
    }
}
