/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.regexp;

import java.util.List;

/** What an expression is made of. */
sealed interface Syntax {
    /** One character of a set. */
    record One(CodePoints set) implements Syntax {}

    /** One after the other; none is the empty text. */
    record Sequence(List<Syntax> parts) implements Syntax {}

    /** One of several. */
    record Choice(List<Syntax> arms) implements Syntax {}

    /**
     * The same several times.
     *
     * @param max -1 for any number
     */
    record Repeat(Syntax inner, int min, int max) implements Syntax {}

    /** The beginning of the text. */
    record Begin() implements Syntax {}

    /** The end of the text. */
    record End() implements Syntax {}
}
