/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.storage.aws;

import io.skald.core.model.StoreException;
import io.skald.storage.StoreMetrics;
import java.net.URI;
import java.time.Duration;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.awscore.client.builder.AwsSyncClientBuilder;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.providers.DefaultAwsRegionProviderChain;
import software.amazon.awssdk.retries.api.BackoffStrategy;

/** Makes clients of AWS' services, and says what their failures mean. */
public final class AwsClients {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
    /** Beyond this many calls at once the others wait. */
    private static final int MAX_CONNECTIONS = 128;
    /** Random pauses up to these bounds, doubled with each attempt. */
    private static final Duration BACKOFF = Duration.ofMillis(50);

    private static final Duration THROTTLE_BACKOFF = Duration.ofMillis(200);
    private static final Duration MAX_BACKOFF = Duration.ofSeconds(5);

    private AwsClients() {}

    /**
     * How a service is reached.
     *
     * @param store what metrics call it
     * @param region empty for that of the environment
     * @param endpoint empty for AWS
     * @param attemptTimeout of one attempt
     */
    public record Access(String store, String region, String endpoint, Duration attemptTimeout, int maxAttempts) {}

    /** The connections of one client. The caller closes it after the client. */
    public static SdkHttpClient http(Access access) {
        return Apache5HttpClient.builder()
                .maxConnections(MAX_CONNECTIONS)
                .connectionTimeout(CONNECT_TIMEOUT)
                .socketTimeout(access.attemptTimeout)
                .connectionAcquisitionTimeout(access.attemptTimeout)
                .build();
    }

    /**
     * Sets a client up.
     *
     * @throws StoreException if no region is known
     */
    public static <B extends AwsClientBuilder<B, ?> & AwsSyncClientBuilder<B, ?>> B configure(
            B builder, Access access, SdkHttpClient http, StoreMetrics metrics) throws StoreException {
        builder.httpClient(http);
        builder.region(region(access));
        if (!access.endpoint.isEmpty()) {
            builder.endpointOverride(URI.create(access.endpoint));
        }
        builder.overrideConfiguration(c -> {
            c.apiCallAttemptTimeout(access.attemptTimeout);
            c.retryStrategy(AwsRetryStrategy.standardRetryStrategy().toBuilder()
                    .maxAttempts(access.maxAttempts)
                    .backoffStrategy(BackoffStrategy.exponentialDelay(BACKOFF, MAX_BACKOFF))
                    .throttlingBackoffStrategy(BackoffStrategy.exponentialDelay(THROTTLE_BACKOFF, MAX_BACKOFF))
                    .circuitBreakerEnabled(false)
                    .build());
            c.addMetricPublisher(new AttemptCounter(access.store, metrics));
        });
        return builder;
    }

    private static Region region(Access access) throws StoreException {
        if (!access.region.isEmpty()) {
            return Region.of(access.region);
        }
        if (!access.endpoint.isEmpty() && System.getenv("AWS_REGION") == null) {
            return Region.US_EAST_1; // only a part of signatures there; asking the instance for it would take seconds
        }
        try {
            return new DefaultAwsRegionProviderChain().getRegion();
        } catch (SdkException e) {
            throw new StoreException(
                    "no AWS region: set storage." + access.store + ".region or AWS_REGION (" + e.getMessage() + ")", e);
        }
    }

    /** What a failed call is to the caller; {@code what} says what was tried, with store and key. */
    public static StoreException failure(String what, SdkException e) {
        String message = what + ": " + reason(e);
        if (e instanceof AbortedException) {
            Thread.currentThread().interrupt(); // the client clears it when it gives up
            return new StoreException.Unavailable(message, e);
        }
        if (e instanceof AwsServiceException s) {
            if (s.isThrottlingException() || s.statusCode() == 503 || s.statusCode() == 429) {
                return new StoreException.Throttled(message, e);
            }
            boolean noBucket = s.awsErrorDetails() != null
                    && "NoSuchBucket".equals(s.awsErrorDetails().errorCode());
            if (s.statusCode() == 404 && !noBucket) {
                return new StoreException.NotFound(message);
            }
        }
        return new StoreException.Unavailable(message, e);
    }

    /** In one line what went wrong, with the service's code and request id where there is one. */
    public static String reason(SdkException e) {
        if (e instanceof AwsServiceException s && s.awsErrorDetails() != null) {
            return s.awsErrorDetails().errorCode() + " (" + s.statusCode() + "): "
                    + s.awsErrorDetails().errorMessage() + (s.requestId() == null ? "" : ", request " + s.requestId());
        }
        return String.valueOf(e.getMessage());
    }
}
