/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.s3;

import io.skald.core.config.S3Settings;
import io.skald.core.model.StoreException;
import io.skald.storage.SegmentStore;
import io.skald.storage.StoreMetrics;
import io.skald.storage.aws.AwsClients;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.RetryableException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.ResponseTransformer;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * Objects of a bucket, below a prefix. An object is written by one PUT, or in parts when it is large, with {@code If-None-Match: *}; what is
 * read is a range. The client repeats what was throttled, failed, took too long or ended early, with growing pauses. Thread-safe.
 */
public final class S3SegmentStore implements SegmentStore {
    static final String STORE = "s3";
    /** Takes about as long to come as the first byte does. */
    private static final int READ_AHEAD_BYTES = 4 << 20;

    private final S3Client client;
    private final SdkHttpClient http;
    private final S3Settings settings;
    private final StoreMetrics metrics;
    private volatile boolean closed;

    private S3SegmentStore(S3Client client, SdkHttpClient http, S3Settings settings, StoreMetrics metrics) {
        this.client = client;
        this.http = http;
        this.settings = settings;
        this.metrics = metrics;
    }

    /**
     * Connects, and checks that the bucket is there and may be used.
     *
     * @throws StoreException saying what is wrong with the bucket, or that it cannot be reached
     */
    public static S3SegmentStore open(S3Settings settings, StoreMetrics metrics) throws StoreException {
        S3SegmentStore store = connect(settings, metrics);
        try {
            store.verify();
            return store;
        } catch (StoreException | RuntimeException e) {
            store.close();
            throw e;
        }
    }

    private static S3SegmentStore connect(S3Settings s, StoreMetrics metrics) throws StoreException {
        AwsClients.Access access =
                new AwsClients.Access(STORE, s.region(), s.endpoint(), s.attemptTimeout(), s.maxAttempts());
        SdkHttpClient http = AwsClients.http(access);
        try {
            S3ClientBuilder builder = AwsClients.configure(S3Client.builder(), access, http, metrics)
                    .forcePathStyle(s.pathStyle());
            if (!s.endpoint().isEmpty()) {
                // not every store that speaks the protocol knows the checksums that AWS' client adds by itself
                builder.requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                        .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED);
            }
            return new S3SegmentStore(builder.build(), http, s, metrics);
        } catch (StoreException | RuntimeException e) {
            http.close();
            throw e;
        }
    }

    private void verify() throws StoreException {
        String bucket = "S3 bucket '" + settings.bucket() + "'"
                + (settings.endpoint().isEmpty() ? "" : " at " + settings.endpoint());
        try {
            counted("HeadBucket", "", 0, () -> client.headBucket(b -> b.bucket(settings.bucket())));
        } catch (AwsServiceException e) {
            String why = switch (e.statusCode()) {
                case 404 -> " does not exist";
                case 403 -> " may not be used with these credentials (403): s3:ListBucket is needed";
                case 301 -> " is in another region than storage.s3.region says";
                default -> " cannot be looked at: " + AwsClients.reason(e);
            };
            throw new StoreException(bucket + why, e);
        } catch (SdkException e) {
            throw AwsClients.failure(bucket + " cannot be reached", e);
        }
    }

    S3Client client() {
        return client;
    }

    S3Settings settings() {
        return settings;
    }

    String objectKey(String key) {
        return settings.prefix() + key;
    }

    /** Runs a call, timed and counted. */
    <T> T counted(String operation, String key, long sent, Supplier<T> call) {
        long begin = System.nanoTime();
        boolean success = false;
        try {
            T answer = call.get();
            success = true;
            return answer;
        } finally {
            metrics.call(STORE, operation, key, System.nanoTime() - begin, sent, 0, success);
        }
    }

    @Override
    public Output create(String key) throws StoreException {
        if (key.isEmpty()) {
            throw new StoreException("segment key is empty");
        }
        return new S3Output(this, key);
    }

    @Override
    public long size(String key) throws StoreException {
        try {
            return counted(
                            "HeadObject",
                            key,
                            0,
                            () -> client.headObject(
                                    b -> b.bucket(settings.bucket()).key(objectKey(key))))
                    .contentLength();
        } catch (SdkException e) {
            throw failure("look at", key, e);
        }
    }

    @Override
    public byte[] read(String key, long offset, int length) throws StoreException {
        if (length == 0) {
            return new byte[0]; // a range cannot be empty
        }
        GetObjectRequest request = GetObjectRequest.builder()
                .bucket(settings.bucket())
                .key(objectKey(key))
                .range("bytes=" + offset + "-" + (offset + length - 1))
                .build();
        long begin = System.nanoTime();
        byte[] bytes = {};
        boolean success = false;
        try {
            bytes = client.getObject(request, ResponseTransformer.unmanaged(S3SegmentStore::body));
            success = true;
        } catch (SdkException e) {
            if (e instanceof AwsServiceException s && s.statusCode() == 416) {
                throw new StoreException.CorruptData(
                        "segment " + key + " ends before offset " + offset + ", asked for " + length + " bytes there");
            }
            throw failure("read", key, e);
        } finally {
            metrics.call(STORE, "GetObject", key, System.nanoTime() - begin, 0, bytes.length, success);
        }
        if (bytes.length != length) {
            throw new StoreException.CorruptData("segment " + key + " ends at offset " + (offset + bytes.length)
                    + ", asked for " + length + " bytes at offset " + offset);
        }
        return bytes;
    }

    @Override
    public int readAheadBytes() {
        return READ_AHEAD_BYTES;
    }

    /** All of an answer. One that ends early is tried again by the client. */
    private static byte[] body(GetObjectResponse response, AbortableInputStream in) {
        int length = Math.toIntExact(response.contentLength());
        byte[] bytes;
        try (in) {
            bytes = in.readNBytes(length);
        } catch (IOException e) {
            throw RetryableException.create("the answer broke off", e);
        }
        if (bytes.length < length) {
            throw RetryableException.create("the answer has " + bytes.length + " of " + length + " bytes", null);
        }
        return bytes;
    }

    @Override
    public void delete(String key) throws StoreException {
        try {
            counted(
                    "DeleteObject",
                    key,
                    0,
                    () -> client.deleteObject(b -> b.bucket(settings.bucket()).key(objectKey(key))));
        } catch (SdkException e) {
            throw failure("delete", key, e);
        }
    }

    @Override
    public List<String> list(String prefix) throws StoreException {
        List<String> keys = new ArrayList<>();
        ListObjectsV2Request request = ListObjectsV2Request.builder()
                .bucket(settings.bucket())
                .prefix(objectKey(prefix))
                .build();
        boolean more = true;
        try {
            while (more) {
                ListObjectsV2Request page = request;
                ListObjectsV2Response found = counted("ListObjectsV2", prefix, 0, () -> client.listObjectsV2(page));
                for (S3Object o : found.contents()) {
                    keys.add(o.key().substring(settings.prefix().length()));
                }
                more = Boolean.TRUE.equals(found.isTruncated());
                String next = found.nextContinuationToken();
                request = request.toBuilder().continuationToken(next).build();
            }
        } catch (SdkException e) {
            throw failure("list", prefix + "*", e);
        }
        keys.sort(null);
        return keys;
    }

    StoreException failure(String what, String key, SdkException e) {
        if (e instanceof AwsServiceException s && s.statusCode() == 404) {
            StoreException told = AwsClients.failure("segment " + key, e);
            return told instanceof StoreException.NotFound
                    ? new StoreException.NotFound("segment " + key + " does not exist")
                    : told;
        }
        return AwsClients.failure("cannot " + what + " segment " + key, e);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        client.close();
        http.close();
    }
}
