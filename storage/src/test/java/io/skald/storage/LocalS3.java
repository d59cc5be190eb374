/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage;

import io.skald.core.config.S3Settings;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.gaul.s3proxy.BlobStores;
import org.gaul.s3proxy.S3Proxy;

/** The S3 protocol over local files, in this process. */
public final class LocalS3 implements AutoCloseable {
    /** Held here, as loggers that nobody holds lose their level. */
    private static final Logger LOG = Logger.getLogger("org.gaul");

    private final S3Proxy server;

    private LocalS3(S3Proxy server) {
        this.server = server;
    }

    /** @param directory where objects are kept, a directory for each bucket */
    public static LocalS3 start(Path directory) throws Exception {
        credentials();
        LOG.setLevel(Level.WARNING);
        Properties p = new Properties();
        p.setProperty("jclouds.filesystem.basedir", directory.toString());
        p.setProperty("s3proxy.authorization", "none");
        p.setProperty("s3proxy.endpoint", "http://127.0.0.1:0");
        S3Proxy server = S3Proxy.builder()
                .blobStore(BlobStores.create("filesystem-nio2", p))
                .endpoint(URI.create("http://127.0.0.1:0"))
                .build();
        server.start();
        return new LocalS3(server);
    }

    /** What the default chain finds first; the local servers take any. */
    static void credentials() {
        System.setProperty("aws.accessKeyId", "test");
        System.setProperty("aws.secretAccessKey", "test");
    }

    public String endpoint() {
        return "http://127.0.0.1:" + server.getPort();
    }

    /** Makes a bucket. */
    public static void bucket(Path directory, String name) throws Exception {
        Files.createDirectories(directory.resolve(name));
    }

    /** How a store reaches a bucket here. */
    public static S3Settings settings(String endpoint, String bucket, String prefix) {
        S3Settings d = S3Settings.DEFAULTS;
        return new S3Settings(
                bucket,
                prefix,
                "us-east-1",
                endpoint,
                true,
                S3Settings.Encryption.DEFAULT,
                "",
                "",
                d.partSize(),
                Duration.ofSeconds(10),
                5);
    }

    @Override
    public void close() {
        try {
            server.stop();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
