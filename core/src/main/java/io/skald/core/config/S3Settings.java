/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.core.config;

import java.time.Duration;
import java.util.Locale;

/** The bucket that holds the segments, of S3 or a store that speaks its protocol. Credentials come from the environment, as AWS' tools find them. */
public record S3Settings(
        @Setting("Name of the bucket.") String bucket,

        @Setting("What the keys of all objects begin with, like `skald/`; empty for nothing.")
        String prefix,

        @Setting("AWS region; empty for that of the environment (`AWS_REGION`, profile, instance).")
        String region,

        @Setting("Address of the service, as `https://HOST[:PORT]`; empty for AWS.")
        String endpoint,

        @Setting(
                "Whether the bucket is named in the path instead of the host name; most stores other than AWS need it.")
        boolean pathStyle,

        @Setting(
                "Encryption at rest: `default` as the bucket has it, `sse-s3` with keys of S3, `sse-kms` with `kms_key`.")
        Encryption encryption,

        @Setting("With `sse-kms`: id, ARN or alias of the key; empty for the account's own S3 key.")
        String kmsKey,

        @Setting("Storage class of new objects, like `STANDARD_IA` or `INTELLIGENT_TIERING`; empty for `STANDARD`.")
        String storageClass,

        @Setting(
                value =
                        "Size of the parts of a large object; a smaller object is written in one request. Each object being written holds one part in memory.",
                bytes = true,
                min = "5MB",
                max = "512MB")
        long partSize,

        @Setting(value = "How long one attempt of a call may take, body included.", min = "100ms", max = "10m")
        Duration attemptTimeout,

        @Setting(
                value =
                        "How often a call is tried when the service is throttled, fails or does not answer; with growing, random pauses.",
                min = "1",
                max = "20")
        int maxAttempts) {
    public static final S3Settings DEFAULTS =
            new S3Settings("", "", "", "", false, Encryption.DEFAULT, "", "", 32L << 20, Duration.ofSeconds(30), 6);

    public S3Settings {
        if (!bucket.isEmpty() && !bucket.matches("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]|arn:aws[a-z-]*:s3[a-z-]*:.+")) {
            throw new IllegalArgumentException(
                    "bucket '" + bucket + "' is not 3 to 63 lower-case letters, digits, '.' or '-'");
        }
        if (prefix.startsWith("/") || prefix.contains("//") || (!prefix.isEmpty() && !prefix.endsWith("/"))) {
            throw new IllegalArgumentException("prefix '" + prefix + "' must be like 'skald/'");
        }
        if (!kmsKey.isEmpty() && encryption != Encryption.SSE_KMS) {
            throw new IllegalArgumentException("kms_key needs encryption: sse-kms");
        }
        Endpoint.check(endpoint);
    }

    /** Who encrypts objects at rest. */
    public enum Encryption {
        DEFAULT,
        SSE_S3,
        SSE_KMS;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }
}
