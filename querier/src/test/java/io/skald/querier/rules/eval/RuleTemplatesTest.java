/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.querier.rules.eval;

import static org.assertj.core.api.Assertions.assertThat;

import io.skald.core.model.Labels;
import io.skald.querier.rules.model.Rule;
import io.skald.querier.rules.model.RuleGroup;
import io.skald.querier.rules.model.RuleYaml;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Prometheus' functions and variables. */
class RuleTemplatesTest {
    private static final Labels LABELS = Labels.of("app", "web", "instance", "db.example.org:5432");

    private static List<Object> query(String text) {
        Map<String, Object> b = new HashMap<>();
        b.put("Labels", RuleTemplates.map(Labels.of("app", "b", "__value__", "x")));
        b.put("Value", 2.5);
        Map<String, Object> a = new HashMap<>();
        a.put("Labels", RuleTemplates.map(Labels.of("app", "a")));
        a.put("Value", 1.0);
        if (text.equals("none")) {
            return List.of();
        }
        return List.of(b, a);
    }

    private static String render(String template, double value) {
        RuleGroup g = RuleYaml.parseGroup(
                "t",
                "name: g\nrules:\n- alert: A\n  expr: '1'\n  annotations:\n    x: '" + template.replace("'", "''")
                        + "'");
        RuleTemplates t = new RuleTemplates(g, (Rule.Alert) g.rules().getFirst());
        return t.annotations(
                        RuleTemplates.data(LABELS, value, Labels.of("cluster", "c"), "http://graf:3000/g"),
                        new PrometheusFunctions(RuleTemplatesTest::query, "http://graf:3000/g"))
                .getOrDefault("x", "");
    }

    @Test
    void everyFunctionAndVariable() {
        String[][] table = {
            {"{{ $labels.app }}-{{ .Labels.app }}-{{ $labels.none }}-", "web-web--"},
            {"{{ $externalLabels.cluster }} {{ $externalURL }} {{ .ExternalLabels.cluster }}", "c http://graf:3000/g c"
            },
            {"{{ $value }} {{ printf \"%.2f\" $value }}", "1234.5 1234.50"},
            {
                "{{ humanize $value }} {{ humanize 0.0 }} {{ humanize 0.00012 }} {{ humanize 1e30 }}",
                "1.234k 0 120u 1e+06Y"
            },
            {"{{ humanize1024 2048.0 }} {{ humanize1024 0.5 }} {{ \"3145728\" | humanize1024 }}", "2ki 0.5 3Mi"},
            {
                "{{ humanizeDuration 0.0 }} {{ humanizeDuration 0.0135 }} {{ humanizeDuration 59.5 }} {{ humanizeDuration 3661.0 }}"
                        + " {{ humanizeDuration 90061.0 }} {{ humanizeDuration -61.0 }}",
                "0s 13.5ms 59.5s 1h 1m 1s 1d 1h 1m 1s -1m 1s"
            },
            {"{{ humanizePercentage 0.12345 }}", "12.35%"},
            {"{{ humanizeTimestamp 1435065584.128 }}", "2015-06-23 13:19:44.128 +0000 UTC"},
            {"{{ range query \"x\" }}{{ .Labels.app }}={{ .Value }} {{ end }}", "b=2.5 a=1 "},
            {"{{ with query \"x\" }}{{ . | first | value | humanize }}{{ end }}", "2.5"},
            {"{{ query \"x\" | first | label \"app\" }} {{ query \"x\" | first | strvalue }}", "b x"},
            {"{{ range query \"x\" | sortByLabel \"app\" }}{{ .Labels.app }}{{ end }}", "ab"},
            {"{{ if query \"none\" }}yes{{ else }}no{{ end }}", "no"},
            {"{{ title \"a bc\" }} {{ toUpper \"a\" }} {{ toLower \"B\" }}", "A Bc A b"},
            {"{{ match \"w.b\" $labels.app }} {{ reReplaceAll \"(w)e\" \"$1E\" $labels.app }}", "true wEb"},
            {
                "{{ graphLink \"up == 0\" }} {{ tableLink \"a\" }}",
                "/graph?g0.expr=up+%3D%3D+0&g0.tab=0 /graph?g0.expr=a&g0.tab=1"
            },
            {"{{ externalURL }} {{ pathPrefix }}", "http://graf:3000/g /g"},
            {"{{ parseDuration \"1h30m\" }}", "5400"},
            {"{{ stripPort $labels.instance }} {{ stripDomain $labels.instance }}", "db.example.org db:5432"},
            {"{{ stripPort \"[::1]:80\" }} {{ stripDomain \"10.0.0.1:80\" }}", "::1 10.0.0.1:80"},
            {"{{ define \"t\" }}<{{ . }}>{{ end }}{{ template \"t\" $labels.app }}{{ tmpl \"t\" \"y\" }}", "<web><y>"},
            {"{{ with args 1 \"b\" }}{{ .arg0 }}{{ .arg1 }}{{ end }} {{ safeHtml \"<b>\" }}", "1b <b>"},
        };
        for (String[] row : table) {
            assertThat(render(row[0], 1234.5)).as(row[0]).isEqualTo(row[1]);
        }
        assertThat(render("{{ query \"none\" | first }}", 0))
                .startsWith("<error expanding template: template: __alert_A:1:")
                .contains("error calling first: first() called on vector with no elements");
        assertThat(render("{{ humanize \"x\" }}", 0)).contains("strconv.ParseFloat: parsing \"x\": invalid syntax");
        assertThat(render("{{ template \"none\" . }}", 0)).contains("template \"none\" not defined");
    }
}
