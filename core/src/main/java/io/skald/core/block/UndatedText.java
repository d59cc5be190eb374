/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.block;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What of a text can be looked for in lines whose dates were taken out, before they are put back. */
public final class UndatedText {
    private static final List<String> MONTHS =
            List.of("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec");

    /** All forms of dates, a character per byte: digits stand for all digits up to them, {@code _} for a blank or digit, others for themselves. */
    private static final List<String> FORMS = forms();

    private UndatedText() {}

    private static List<String> forms() {
        List<String> forms = new ArrayList<>();
        for (String layout : List.of(
                "2999-19-39T29:59:59",
                "2999-19-39 29:59:59",
                "39/aaa/2999:29:59:59",
                "aaa _9 29:59:59",
                "aaa _9 29:59:59 2999",
                "99/19/39 29:59:59",
                "991939 295959",
                "2999/19/39 29:59:59")) {
            for (String fraction : List.of("", ".999", ",999", ".999999", ".999999999")) {
                for (String month : layout.contains("aaa") ? MONTHS : MONTHS.subList(0, 1)) {
                    forms.add(layout.replace("aaa", month) + fraction);
                }
            }
        }
        return forms;
    }

    /**
     * The longest part of a text that no date can touch: wherever the text stands in a line, this part stands whole in the line without its
     * date. Empty if there is none.
     *
     * @param text bytes of UTF-8
     * @param ignoreCase whether letters stand for either case
     */
    public static byte[] core(byte[] text, boolean ignoreCase) {
        int from = 0;
        int to = text.length;
        for (String form : FORMS) {
            for (int start = 1 - text.length; start < form.length(); start++) {
                // the text begins this far behind the date's beginning, or as far before it
                if (!fits(text, form, start, ignoreCase)) {
                    continue;
                }
                boolean beginsWithin = start >= 0;
                boolean endsWithin = start + text.length <= form.length();
                if (beginsWithin == endsWithin) {
                    // it may lie within a date, or a date within it
                    return new byte[0];
                }
                if (beginsWithin) {
                    from = Math.max(from, form.length() - start);
                } else {
                    to = Math.min(to, -start);
                }
            }
        }
        return from < to ? Arrays.copyOfRange(text, from, to) : new byte[0];
    }

    /** Whether the bytes that fall on the date may be those of one. */
    private static boolean fits(byte[] text, String form, int start, boolean ignoreCase) {
        for (int i = Math.max(0, -start); i < text.length && start + i < form.length(); i++) {
            if (!fits(text[i], form.charAt(start + i), ignoreCase)) {
                return false;
            }
        }
        return true;
    }

    private static boolean fits(byte b, char form, boolean ignoreCase) {
        return switch (form) {
            case '_' -> b == ' ' || b >= '0' && b <= '9';
            default ->
                form >= '0' && form <= '9'
                        ? b >= '0' && b <= form
                        : b == form || ignoreCase && (b | 0x20) == (form | 0x20);
        };
    }
}
