/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/**
 * Both services as a process of their own, until its input ends: {@code java … io.skald.storage.LocalAws DIRECTORY BUCKET ADDRESSES}. The
 * file with the addresses, DynamoDB's and S3's, appears when they serve.
 */
public final class LocalAws {
    private LocalAws() {}

    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[0]);
        Path addresses = Path.of(args[2]);
        LocalS3.bucket(directory, args[1]);
        try (LocalDynamoDb dynamoDb = LocalDynamoDb.start();
                LocalS3 s3 = LocalS3.start(directory)) {
            Path unfinished = Path.of(addresses + ".tmp");
            Files.write(unfinished, List.of(dynamoDb.endpoint(), s3.endpoint()));
            Files.move(unfinished, addresses, StandardCopyOption.ATOMIC_MOVE);
            while (System.in.read() >= 0) {
                // nothing is expected but the end
            }
        }
        System.exit(0);
    }
}
