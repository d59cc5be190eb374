/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.pipeline;

import io.skald.logql.pipeline.template.TemplateFunctions;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code Hash} and {@code Sha2Hash} of Promtail's templates: a salt and a text, by SHA3-256 and SHA-256, in hexadecimal. */
final class HashFunctions implements TemplateFunctions {
    @Override
    public boolean has(String name) {
        return name.equals("Hash") || name.equals("Sha2Hash");
    }

    @Override
    public Object call(String name, List<@Nullable Object> args) {
        if (args.size() != 2) {
            throw new IllegalArgumentException(name + " needs a salt and a text, and was given " + args.size());
        }
        try {
            MessageDigest d = MessageDigest.getInstance(name.equals("Hash") ? "SHA3-256" : "SHA-256");
            for (Object arg : args) {
                d.update((arg == null ? "" : arg.toString()).getBytes(StandardCharsets.UTF_8));
            }
            return HexFormat.of().formatHex(d.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA", e);
        }
    }
}
