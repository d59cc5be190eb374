/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.s3;

import io.skald.core.config.S3Settings;
import io.skald.core.model.StoreException;
import io.skald.storage.SegmentStore;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ServerSideEncryption;

/**
 * A new object: gathered in memory, and sent in one request, or in parts as soon as there is more than one. An answer that was lost is
 * settled by a random number in the object's metadata. Confined to one thread.
 */
final class S3Output implements SegmentStore.Output {
    private static final String TYPE = "application/octet-stream";
    private static final String ATTEMPT = "skald-attempt";
    private static final int FIRST_BUFFER = 256 << 10;

    private final S3SegmentStore store;
    private final S3Settings settings;
    private final String key;
    private final String attempt = UUID.randomUUID().toString();
    private final List<CompletedPart> parts = new ArrayList<>();
    private byte[] buffer = new byte[FIRST_BUFFER];
    private int buffered;
    private long position;
    private @Nullable String upload;
    private boolean done;

    S3Output(S3SegmentStore store, String key) {
        this.store = store;
        this.settings = store.settings();
        this.key = key;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws StoreException {
        if (done) {
            throw new IllegalStateException("segment " + key + " is written already");
        }
        int from = offset;
        int left = length;
        while (left > 0) {
            if (buffered == settings.partSize()) {
                sendPart();
            }
            int n = (int) Math.min(left, settings.partSize() - buffered);
            if (buffered + n > buffer.length) {
                long grown = Math.max(buffer.length * 2L, buffered + n);
                buffer = Arrays.copyOf(buffer, Math.toIntExact(Math.min(settings.partSize(), grown)));
            }
            System.arraycopy(bytes, from, buffer, buffered, n);
            buffered += n;
            from += n;
            left -= n;
        }
        position += length;
    }

    @Override
    public long position() {
        return position;
    }

    /** The bytes gathered; may be read again for each attempt. */
    private RequestBody body() {
        int n = buffered;
        byte[] b = buffer;
        return RequestBody.fromContentProvider(() -> new ByteArrayInputStream(b, 0, n), n, TYPE);
    }

    private @Nullable ServerSideEncryption encryption() {
        return switch (settings.encryption()) {
            case DEFAULT -> null;
            case SSE_S3 -> ServerSideEncryption.AES256;
            case SSE_KMS -> ServerSideEncryption.AWS_KMS;
        };
    }

    private @Nullable String kmsKey() {
        return settings.kmsKey().isEmpty() ? null : settings.kmsKey();
    }

    private @Nullable String storageClass() {
        return settings.storageClass().isEmpty() ? null : settings.storageClass();
    }

    private void sendPart() throws StoreException {
        try {
            String id = upload;
            if (id == null) {
                id = store.counted(
                                "CreateMultipartUpload",
                                key,
                                0,
                                () -> store.client()
                                        .createMultipartUpload(b -> b.bucket(settings.bucket())
                                                .key(store.objectKey(key))
                                                .contentType(TYPE)
                                                .metadata(Map.of(ATTEMPT, attempt))
                                                .serverSideEncryption(encryption())
                                                .ssekmsKeyId(kmsKey())
                                                .storageClass(storageClass())))
                        .uploadId();
                upload = id;
            }
            String uploadId = id;
            int number = parts.size() + 1;
            String etag = store.counted(
                            "UploadPart",
                            key,
                            buffered,
                            () -> store.client()
                                    .uploadPart(
                                            b -> b.bucket(settings.bucket())
                                                    .key(store.objectKey(key))
                                                    .uploadId(uploadId)
                                                    .partNumber(number),
                                            body()))
                    .eTag();
            parts.add(CompletedPart.builder().partNumber(number).eTag(etag).build());
            buffered = 0;
        } catch (SdkException e) {
            throw store.failure("write", key, e);
        }
    }

    @Override
    public void commit() throws StoreException {
        if (upload != null && buffered > 0) {
            sendPart();
        }
        try {
            if (upload == null) {
                put();
            } else {
                complete();
            }
        } catch (SdkException e) {
            settle(e);
        }
        done = true;
        buffer = new byte[0];
    }

    private void put() {
        store.counted(
                "PutObject",
                key,
                buffered,
                () -> store.client()
                        .putObject(
                                b -> b.bucket(settings.bucket())
                                        .key(store.objectKey(key))
                                        .ifNoneMatch("*")
                                        .contentType(TYPE)
                                        .metadata(Map.of(ATTEMPT, attempt))
                                        .serverSideEncryption(encryption())
                                        .ssekmsKeyId(kmsKey())
                                        .storageClass(storageClass()),
                                body()));
    }

    private void complete() {
        store.counted(
                "CompleteMultipartUpload",
                key,
                0,
                () -> store.client()
                        .completeMultipartUpload(b -> b.bucket(settings.bucket())
                                .key(store.objectKey(key))
                                .uploadId(upload)
                                .ifNoneMatch("*")
                                .multipartUpload(m -> m.parts(parts))));
    }

    /** Whether the object is there after a write that was refused or not answered: an attempt before the last may have been done. */
    private void settle(SdkException failure) throws StoreException {
        StoreException told = store.failure("write", key, failure);
        HeadObjectResponse found;
        try {
            found = store.counted(
                    "HeadObject",
                    key,
                    0,
                    () -> store.client()
                            .headObject(b -> b.bucket(settings.bucket()).key(store.objectKey(key))));
        } catch (SdkException e) {
            told.addSuppressed(e);
            throw told;
        }
        if (attempt.equals(found.metadata().get(ATTEMPT)) && found.contentLength() == position) {
            return;
        }
        if (failure instanceof AwsServiceException s && (s.statusCode() == 412 || s.statusCode() == 409)) {
            throw new StoreException("segment " + key + " exists already", failure);
        }
        throw told;
    }

    @Override
    public void close() {
        String id = upload;
        if (done || id == null) {
            return;
        }
        done = true;
        try {
            store.counted(
                    "AbortMultipartUpload",
                    key,
                    0,
                    () -> store.client()
                            .abortMultipartUpload(b -> b.bucket(settings.bucket())
                                    .key(store.objectKey(key))
                                    .uploadId(id)));
        } catch (SdkException e) {
            // costs storage until the bucket's rule for unfinished uploads takes it away; nobody sees it
            System.getLogger(S3Output.class.getName())
                    .log(System.Logger.Level.WARNING, "unfinished upload of segment " + key + " stays", e);
        }
    }
}
