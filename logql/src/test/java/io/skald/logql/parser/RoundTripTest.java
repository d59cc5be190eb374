/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.logql.ast.Expr;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RoundTripTest {
    private static final int TREES = 2_000;

    @Test
    void whatIsPrintedReadsBackEqual() {
        long base = new Random().nextLong();
        for (int i = 0; i < TREES; i++) {
            long seed = base + i;
            Expr tree = new RandomTrees(seed).expr();
            String text = Printer.print(tree);
            assertThat(read(text, seed)).as("seed %d: %s", seed, text).isEqualTo(tree);
            assertThat(Printer.print(tree)).isEqualTo(text);
        }
    }

    @Test
    void whatIsPrintedPrettyReadsBackEqual() {
        long base = new Random().nextLong();
        for (int i = 0; i < TREES; i++) {
            long seed = base + i;
            Expr tree = new RandomTrees(seed).expr();
            String text = Printer.pretty(tree);
            assertThat(read(text, seed)).as("seed %d: %s", seed, text).isEqualTo(tree);
        }
    }

    private static Expr read(String text, long seed) {
        try {
            return Parser.parseExtended(text);
        } catch (SyntaxException e) {
            throw new AssertionError("seed " + seed + ": " + text, e);
        }
    }
}
