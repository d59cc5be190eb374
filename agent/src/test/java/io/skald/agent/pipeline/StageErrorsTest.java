/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.skald.core.config.ConfigException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is wrong with a stage is told with the key, and the nearest that there is. */
class StageErrorsTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "- regex: {}|regex.expression: is required",
                "- regex: {expression: '(?P<x>'}|regex.expression: ",
                "- regex: {expression: '(x)'}|regex.expression: needs at least one named group, like (?P<name>…)",
                "- regex: {expression: '(?P<x>y)', sorce: z}|unknown key 'sorce' in @.regex; did you mean 'source'?",
                "- json: {}|json.expressions: is required",
                "- json: {expressions: {}}|json.expressions: is required",
                "- json: {expressions: {x: '3##@$#33'}}|json.expressions: x: '3##@$#33' is no JMESPath",
                "- json: {expressions: {x: }, drop_malformd: true}|unknown key 'drop_malformd' in @.json; did you mean 'drop_malformed'?",
                "- logfmt: {}|logfmt.mapping: is required",
                "- replace: {replace: x}|replace.expression: is required",
                "- replace: {expression: '(', replace: x}|replace.expression: ",
                "- replace: {expression: x, replace: '{{ .Value'}|replace.replace: ",
                "- template: {template: x}|template.source: is required",
                "- template: {source: x, template: '{{ nosuch }}'}|template.template: ",
                "- match: {stages: [{cri: {}}]}|match.selector: is required",
                "- match: {selector: '{a=', stages: [{cri: {}}]}|match.selector: ",
                "- match: {selector: 'rate({a=\"b\"}[5m])', stages: [{cri: {}}]}|match.selector: ",
                "- match: {selector: '{a=\"b\"}'}|match.stages: is required",
                "- match: {selector: '{a=\"b\"}', stages: []}|match.stages: is required",
                "- match: {selector: '{a=\"b\"}', action: drop, stages: [{cri: {}}]}|match.stages: what is dropped needs no stages",
                "- match: {selector: '{a=\"b\"}', action: skip, stages: [{cri: {}}]}|match.action: 'skip' is neither keep nor drop",
                "- match: {selector: '{a=\"b\"}', stages: [{regexp: {}}]}|unknown key 'regexp' in @.match.stages[0]; did you mean 'regex'?",
                "- drop: {}|drop: needs at least one of source, expression, value, older_than, longer_than",
                "- drop: {expression: x, value: y}|drop.value: and expression exclude each other",
                "- drop: {expression: '('}|drop.expression: ",
                "- drop: {older_than: 10q}|drop.older_than: '10q' is not a duration",
                "- drop: {longer_than: 23QB}|drop.longer_than: '23QB' is not a size",
                "- limit: {}|limit: needs a rate above 0 and a burst of at least 1",
                "- limit: {rate: 0, burst: 1}|limit: needs a rate above 0 and a burst of at least 1",
                "- limit: {rate: x, burst: 1}|limit.rate: 'x' is not a number",
                "- limit: {rate: 1, burst: 1, by_label_name: x}|limit.by_label_name: needs drop: true",
                "- sampling: {}|sampling.rate: must be between 0.0 and 1.0",
                "- sampling: {rate: 1.1}|sampling.rate: must be between 0.0 and 1.0",
                "- timestamp: {format: Unix}|timestamp.source: is required",
                "- timestamp: {source: x}|timestamp.format: is required",
                "- timestamp: {source: x, format: Unix, location: Nowhere/City}|timestamp.location: 'Nowhere/City' is no time zone",
                "- timestamp: {source: x, format: Unix, action_on_failure: drop}|timestamp.action_on_failure: 'drop' is neither fudge nor skip",
                "- labels: {}|labels: needs at least one label",
                "- labels: {a-b: x}|labels.a-b: is no name of a label",
                "- labels: [a]|labels: must be a section of keys and values",
                "- structured_metadata: {}|structured_metadata: needs at least one label",
                "- static_labels: {1a: x}|static_labels.1a: is no name of a label",
                "- labeldrop: []|labeldrop: needs at least one label",
                "- labelallow: {a: b}|labelallow: must be a list, like [a, b]",
                "- tenant: {}|tenant: needs exactly one of label, source, value",
                "- tenant: {label: a, value: b}|tenant: needs exactly one of label, source, value",
                "- output: {}|output.source: is required",
                "- multiline: {}|multiline.firstline: is required",
                "- multiline: {firstline: '^x', max_lines: 0}|multiline.max_lines: 0 is too small, the least is 1",
                "- multiline: {firstline: '^x', max_wait_time: x}|multiline.max_wait_time: 'x' is not a duration",
                "- cri: {max_partial_lines: 0}|cri.max_partial_lines: 0 is too small, the least is 1",
                "- docker: {x: y}|unknown key 'x' in @.docker",
                "- metrics: {}|metrics: needs at least one metric",
                "- metrics: {m: {config: {action: inc}}}|metrics.m.type: is required",
                "- metrics: {m: {type: Summary, config: {action: inc}}}|metrics.m.type: 'Summary' is none of Counter, Gauge, Histogram",
                "- metrics: {m: {type: Counter}}|metrics.m.config.action: is required",
                "- metrics: {m: {type: Counter, config: {action: set}}}|metrics.m.config.action: 'set' is for gauges only",
                "- metrics: {m: {type: Gauge, config: {action: up}}}|metrics.m.config.action: 'up' is none of set, inc, dec, add, sub",
                "- metrics: {m: {type: Counter, config: {match_all: true, value: x, action: inc}}}|metrics.m.config.value: and match_all exclude each other",
                "- metrics: {m: {type: Counter, config: {count_entry_bytes: true, action: add}}}|metrics.m.config.count_entry_bytes: needs match_all: true and action: add",
                "- metrics: {m: {type: Counter, config: {match_all: true, count_entry_bytes: true, action: inc}}}|metrics.m.config.count_entry_bytes: needs match_all: true and action: add",
                "- metrics: {m: {type: Counter, max_idle_duration: 10ms, config: {action: inc}}}|metrics.m.max_idle_duration: must be at least 1s",
                "- metrics: {m: {type: Histogram, config: {buckets: [x]}}}|metrics.m.config.buckets: 'x' is not a number",
                "- metrics: {a-b: {type: Counter, config: {action: inc}}}|metrics.a-b: 'promtail_custom_a-b' is no name of a metric",
                "- redact: {custom: {x: '('}}|redact.custom.x: ",
                "- redact: {custom: {x: }}|redact.custom.x: needs an expression",
                "- redact: {card: false}|unknown key 'card' in @.redact; did you mean 'cards'?",
                "- eventlogmessage: {}|eventlogmessage: is not supported: it is for the event log of Windows",
                "- {cri: {}, docker: {}}|@: a stage has one key, its name: docker, cri, regex",
                "- regexp: {}|unknown key 'regexp' in @; did you mean 'regex'?",
            })
    void errors(String yaml, String expected) {
        ConfigException e = catchThrowableOfType(ConfigException.class, () -> StageRun.of(yaml));
        assertThat(e).as(yaml).isNotNull();
        String path = "scrape_configs[0].pipeline_stages[0]";
        String message = expected.startsWith("unknown") || expected.startsWith("@")
                ? expected.replace("@", path)
                : path + "." + expected;
        assertThat(e.getMessage()).containsPattern("^agent\\.yaml:6:\\d+: ").contains(": " + message);
        assertThat(List.of(String.valueOf(e.getMessage()).split("\n")))
                .as("one problem, one line")
                .doesNotHaveDuplicates();
    }
}
