/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage;

import java.nio.file.Path;

/** Both services as a process of their own, until its input ends: {@code java … io.skald.storage.LocalAws DIRECTORY BUCKET}. */
public final class LocalAws {
    private LocalAws() {}

    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[0]);
        LocalS3.bucket(directory, args[1]);
        try (LocalDynamoDb dynamoDb = LocalDynamoDb.start();
                LocalS3 s3 = LocalS3.start(directory)) {
            System.out.println("dynamodb=" + dynamoDb.endpoint() + " s3=" + s3.endpoint());
            while (System.in.read() >= 0) {
                // nothing is expected but the end
            }
        }
        System.exit(0);
    }
}
