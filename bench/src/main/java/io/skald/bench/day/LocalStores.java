/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.bench.day;

import io.skald.core.config.DynamoDbSettings;
import io.skald.core.config.S3Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** DynamoDB Local and S3Proxy as a process of their own, as the tests start them. */
final class LocalStores implements AutoCloseable {
    private static final String SERVER = "io.skald.storage.LocalAws";
    private static final String BUCKET = "day";

    private final Process process;
    private final String dynamoDb;
    private final String s3;
    private final Path objects;

    private LocalStores(Process process, String dynamoDb, String s3, Path objects) {
        this.process = process;
        this.dynamoDb = dynamoDb;
        this.s3 = s3;
        this.objects = objects;
    }

    static LocalStores start(Path directory) throws IOException, InterruptedException {
        System.setProperty("aws.accessKeyId", "test");
        System.setProperty("aws.secretAccessKey", "test");
        Path addresses = directory.resolve("addresses");
        Path objects = directory.resolve("objects");
        Files.createDirectories(objects);
        Process p = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx1g",
                        "-cp",
                        System.getProperty("java.class.path"),
                        SERVER,
                        objects.toString(),
                        BUCKET,
                        addresses.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("stores.log").toFile())
                .start();
        long deadline = System.nanoTime() + 60_000_000_000L;
        while (!Files.exists(addresses)) {
            if (!p.isAlive() || System.nanoTime() > deadline) {
                p.destroyForcibly();
                throw new IOException("the local stores do not start, see " + directory.resolve("stores.log"));
            }
            Thread.sleep(50);
        }
        List<String> lines = Files.readAllLines(addresses);
        return new LocalStores(p, lines.get(0), lines.get(1), objects.resolve(BUCKET));
    }

    DynamoDbSettings dynamoDb() {
        return new DynamoDbSettings("day", "us-east-1", dynamoDb, Duration.ofSeconds(30), 5);
    }

    S3Settings s3() {
        S3Settings d = S3Settings.DEFAULTS;
        return new S3Settings(
                BUCKET,
                "",
                "us-east-1",
                s3,
                true,
                S3Settings.Encryption.DEFAULT,
                "",
                "",
                d.partSize(),
                Duration.ofSeconds(60),
                5);
    }

    /** Where objects are files. */
    Path objects() {
        return objects;
    }

    @Override
    public void close() {
        process.destroy();
    }
}
