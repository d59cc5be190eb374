/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.cli.agent;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code /config} shows of secrets. */
class AgentServerTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "password: s3cret",
                "  - password: 's3cret, and more'",
                "basic_auth: {username: u, password: s3cret}",
                "basic_auth: {password: s3cret, username: u}",
                "basic_auth: {password: \"a\\\"s3cret\", username: u}",
                "{\"password\": \"s3cret\", \"username\": \"u\"}",
                "bearer_token: s3cret",
                "authorization: {credentials: s3cret}",
                "access_key: |\n  s3cret\nuser: u",
                "url: http://u:s3cret@h:1/x",
                "authentication: {type: sasl, sasl_config: {user: u, password: s3cret, use_tls: true}}"
            })
    void secretsAreNotShown(String yaml) {
        assertThat(AgentServer.withoutSecrets(yaml)).doesNotContain("s3cret").contains("<secret>");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"password_file: /p", "bearer_token_file: /t", "basic_auth: {username: u, password_file: /p}"})
    void allElseIs(String yaml) {
        assertThat(AgentServer.withoutSecrets(yaml)).isEqualTo(yaml);
    }
}
