/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.skald.logql.ast.Expr;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How large and deep a query may be, and that all within is handled in time. */
@Timeout(value = 30, unit = TimeUnit.SECONDS)
final class ParserLimitsTest {
    private static final String RATE = "rate({a=\"b\"}[5m])";

    private static String nested(int levels) {
        return "(".repeat(levels) + "1" + ")".repeat(levels);
    }

    private static String sums(int levels) {
        return "sum(".repeat(levels) + RATE + ")".repeat(levels);
    }

    private static String chain(int operators) {
        return RATE + (" + " + RATE).repeat(operators);
    }

    private static String filters(int operators) {
        return "{a=\"b\"} | x=\"y\"" + " or x=\"y\"".repeat(operators);
    }

    @Test
    void nesting() {
        ParserFuzz.check(nested(600));
        ParserFuzz.check(sums(99));
        assertThatThrownBy(() -> Parser.parse(nested(601)))
                .isInstanceOf(SyntaxException.class)
                .hasMessage("parse error at line 1, col 602: query nested too deeply: more than 600 levels");
        assertThatThrownBy(() -> Parser.parse(sums(101)))
                .isInstanceOf(SyntaxException.class)
                .hasMessageContaining("functions nested too deeply: more than 100 levels");
        assertThatThrownBy(() -> Parser.parse(sums(100_000)))
                .isInstanceOf(SyntaxException.class)
                .hasMessageStartingWith("parse error : input size too long");
        assertThatThrownBy(() -> Parser.parse("{a=\"b\"} | " + "(".repeat(700)))
                .isInstanceOf(SyntaxException.class)
                .hasMessageContaining("query nested too deeply: more than 600 levels");
    }

    @Test
    void operators() {
        ParserFuzz.check(chain(500));
        ParserFuzz.check(filters(500));
        // as deep as can be: operators within functions
        ParserFuzz.check("sum(".repeat(99) + chain(500) + ")".repeat(99));
        assertThatThrownBy(() -> Parser.parse(chain(501)))
                .isInstanceOf(SyntaxException.class)
                .hasMessageContaining("query too long: more than 500 operators");
        assertThatThrownBy(() -> Parser.parse(filters(501)))
                .isInstanceOf(SyntaxException.class)
                .hasMessageContaining("query too long: more than 500 operators");
    }

    @Test
    void length() {
        String query = "{a=\"" + "x".repeat(131_072 - 6) + "\"}";
        assertThat(query).hasSize(131_072);
        ParserFuzz.check(query);
        assertThatThrownBy(() -> Parser.parse(query + " "))
                .isInstanceOf(SyntaxException.class)
                .hasMessage("parse error : input size too long (131073 > 131072)");
    }

    /** Breaking into lines looks at the canonical form of every node, but never at more of it than fits a line. */
    @Test
    void prettyPrintingIsNotQuadratic() {
        Expr deep = Parser.parse(chain(500));
        long begin = System.nanoTime();
        for (int i = 0; i < 20; i++) {
            assertThat(Printer.pretty(deep)).hasSizeGreaterThan(250_000);
        }
        assertThat(System.nanoTime() - begin).isLessThan(TimeUnit.SECONDS.toNanos(20));
    }

    /** Also every query that a recorded case asks. */
    @Test
    void recordedQueriesPrintAndReadBack() throws IOException, URISyntaxException {
        Path dir = Path.of(Objects.requireNonNull(ParserLimitsTest.class.getResource("/conformance/cases"))
                .toURI());
        int queries = 0;
        try (Stream<Path> files = Files.list(dir)) {
            for (Path file : files.sorted().toList()) {
                try (JsonParser json = new JsonFactory().createParser(file.toFile())) {
                    for (JsonToken t = json.nextToken(); t != null; t = json.nextToken()) {
                        if (t == JsonToken.VALUE_STRING && "query".equals(json.currentName())) {
                            ParserFuzz.check(json.getText());
                            queries++;
                        }
                    }
                }
            }
        }
        assertThat(queries).isGreaterThan(1000);
    }
}
