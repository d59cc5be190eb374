/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.pipeline.template;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The tree of a template. */
sealed interface Node {
    record Text(String text) implements Node {}

    record Action(Pipe pipe) implements Node {}

    record If(Pipe condition, List<Node> then, List<Node> otherwise) implements Node {}

    record With(Pipe value, List<Node> then, List<Node> otherwise) implements Node {}

    record Range(Pipe value, List<Node> body, List<Node> otherwise) implements Node {}

    record Break() implements Node {}

    record Continue() implements Node {}

    /** Runs a template that is defined elsewhere in the text, over a value or nothing. */
    record Call(String name, @Nullable Pipe dot) implements Node {}

    /**
     * Commands, each of which gets the value of the one before as its last argument.
     *
     * @param variables set to the value
     * @param declares whether they are new
     */
    record Pipe(List<String> variables, boolean declares, List<Command> commands) {}

    /**
     * A function with arguments, or a value.
     *
     * @param column where it begins, from 0
     * @param text as it was written
     */
    record Command(List<Operand> operands, int column, String text) {}

    /** A value in a command. */
    sealed interface Operand {}

    record Constant(@Nullable Object value) implements Operand {}

    /** The dot. */
    record Dot() implements Operand {}

    record Function(String name) implements Operand {}

    record Variable(String name) implements Operand {}

    record Nested(Pipe pipe) implements Operand {}

    /** {@code .name} of another value. */
    record Field(Operand of, String name, int column, String text) implements Operand {}
}
