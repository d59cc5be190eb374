/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import static io.skald.logql.parser.RecordedQueries.get;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Damaged queries are read or refused, and what is read prints and reads back. */
class MutationTest {
    private static final int MUTATIONS = 10_000;
    private static final String ALPHABET = "{}()[],.|=~!<>+-*/%^#\"`'\\ \n\t0159aeikmnsxB_µ🙂\u0000\ud800";

    private final List<String> queries = new ArrayList<>();

    MutationTest() {
        for (String file : new String[] {"accepted-queries.json", "refused-queries.json"}) {
            RecordedQueries.read(file).forEach(q -> queries.add(get(q, "query")));
        }
    }

    @Test
    void noPrefixFailsOtherwise() {
        for (String query : queries) {
            for (int end = 0; end < query.length(); end++) {
                check(query.substring(0, end), 0);
            }
        }
    }

    @Test
    void noMutationFailsOtherwise() {
        long base = new Random().nextLong();
        for (int i = 0; i < MUTATIONS; i++) {
            long seed = base + i;
            Random random = new Random(seed);
            String query = queries.get(random.nextInt(queries.size()));
            for (int n = random.nextInt(4); n >= 0; n--) {
                query = mutate(query, random);
            }
            check(query, seed);
        }
    }

    private String mutate(String query, Random random) {
        int from = random.nextInt(query.length() + 1);
        int to = Math.min(query.length(), from + random.nextInt(8));
        String head = query.substring(0, from);
        return switch (random.nextInt(5)) {
            case 0 -> head + query.substring(to);
            case 1 -> head + ALPHABET.charAt(random.nextInt(ALPHABET.length())) + query.substring(from);
            case 2 -> head + query.substring(from, to) + query.substring(from, to) + query.substring(to);
            case 3 -> head + queries.get(random.nextInt(queries.size()));
            default -> {
                String[] tokens = query.split("\\b");
                int gone = random.nextInt(tokens.length);
                tokens[gone] = random.nextBoolean() ? "" : tokens[random.nextInt(tokens.length)];
                yield String.join("", tokens);
            }
        };
    }

    private static void check(String query, long seed) {
        try {
            ParserFuzz.check(query);
        } catch (RuntimeException | AssertionError | StackOverflowError e) {
            throw new AssertionError("seed " + seed + ": " + query, e);
        }
    }
}
