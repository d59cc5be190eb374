/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.re2j.Matcher;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rules of Go's {@code Regexp.Expand}, for a match of {@code (?P<user>\w+)@(\w+)(?P<port>:\d+)?} with {@code ann@db1}. */
final class GroupTemplateTest {
    @ParameterizedTest(name = "[{0}]")
    @CsvSource({
        "plain, plain",
        "'', ''",
        "$0, ann@db1",
        "$1, ann",
        "${2}, db1",
        "$user, ann",
        "${user}-$2, ann-db1",
        "$1-$2-$1, ann-db1-ann",
        // a name is as long as it can be
        "$1x, ''",
        "${1}x, annx",
        "$user_x, ''",
        "$1é, ''",
        "${1}é, anné",
        // groups that did not take part, or are not there
        "[$port][$3], [][]",
        "[$4][${none}][$99999999999], [][][]",
        // dollars
        "$$1, $1",
        "$$$1, $ann",
        "a$, a$",
        "$, $",
        "$$, $",
        // no reference at all
        "$-1, $-1",
        "cost $ 5, cost $ 5",
        "${, ${",
        "${}, ${}",
        "${user, ${user",
        "${us er}, ${us er}",
        "${user $1, ${user ann",
    })
    void expands(String template, String expected) {
        Matcher m = Regexp.compile("(?P<user>\\w+)@(\\w+)(?P<port>:\\d+)?").matcher("ann@db1");
        assertThat(m.matches()).isTrue();
        assertThat(GroupTemplate.expand(template, m)).isEqualTo(expected);
    }
}
