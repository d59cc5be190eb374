/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.logql.parser;

import static io.skald.logql.parser.RecordedQueries.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.skald.logql.ast.Expr;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RecordedQueriesTest {
    static Stream<Map<String, String>> accepted() {
        return RecordedQueries.read("accepted-queries.json").stream();
    }

    static Stream<Map<String, String>> refused() {
        return RecordedQueries.read("refused-queries.json").stream();
    }

    static Stream<Map<String, String>> formatted() {
        return RecordedQueries.read("formatted-queries.json").stream();
    }

    @ParameterizedTest
    @MethodSource("accepted")
    void acceptsAndPrintsSoThatItReadsBack(Map<String, String> recorded) {
        Expr tree = Parser.parse(get(recorded, "query"));
        String printed = Printer.print(tree);
        Expr again = Parser.parse(printed);
        assertThat(Printer.print(again)).isEqualTo(printed);
        assertThat(Parser.parse(Printer.print(again))).isEqualTo(again);
        assertThat(Parser.parse(Printer.pretty(tree))).isEqualTo(again);
    }

    @ParameterizedTest
    @MethodSource("refused")
    void refusesWithTheRecordedText(Map<String, String> recorded) {
        assertThatThrownBy(() -> Parser.parse(get(recorded, "query")))
                .isInstanceOf(SyntaxException.class)
                .hasMessage(get(recorded, "error"));
    }

    @ParameterizedTest
    @MethodSource("formatted")
    void formats(Map<String, String> recorded) {
        assertThat(Printer.pretty(Parser.parse(get(recorded, "query")))).isEqualTo(get(recorded, "formatted"));
    }
}
