/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import io.skald.logql.ast.Expr;
import java.nio.charset.StandardCharsets;

/**
 * What must hold of any text: it is read, or refused with a place; what is read prints as something that reads back and prints the same.
 * Called by tests, and by Jazzer in the profile {@code fuzz}.
 */
public final class ParserFuzz {
    private ParserFuzz() {}

    /** Jazzer's entry. */
    public static void fuzzerTestOneInput(byte[] input) {
        check(new String(input, StandardCharsets.UTF_8));
    }

    static void check(String query) {
        try {
            Parser.parse(query);
        } catch (SyntaxException e) {
            hasPlace(query, e);
        }
        Expr tree;
        try {
            tree = Parser.parseExtended(query);
        } catch (SyntaxException e) {
            hasPlace(query, e);
            return;
        }
        String printed = Printer.print(tree);
        Expr again;
        try {
            again = Parser.parseExtended(printed);
        } catch (SyntaxException e) {
            throw new AssertionError(query + " printed as " + printed, e);
        }
        same(query, printed, Printer.print(again));
        same(query, Printer.pretty(tree), Printer.pretty(again));
    }

    private static void hasPlace(String query, SyntaxException e) {
        if (e.position().line() < 1 || e.position().column() < 1) {
            throw new AssertionError("no place: " + query, e);
        }
    }

    private static void same(String query, String first, String second) {
        if (!first.equals(second)) {
            throw new AssertionError(query + " printed as " + first + " and then as " + second);
        }
    }
}
