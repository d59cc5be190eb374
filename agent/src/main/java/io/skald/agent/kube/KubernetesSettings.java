/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.agent.kube;

import io.skald.agent.push.ClientSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How pods are found.
 *
 * @param apiServer address of the API server; null takes what a pod is given, or the kubeconfig
 * @param kubeconfig a file that says it
 * @param namespaces whose pods; empty for all
 * @param fieldSelector which pods besides those of the node
 * @param labelSelector which pods
 * @param token a bearer token, or null
 * @param tokenFile where it is, or null
 * @param tls how the API server is verified
 * @param nodeName only pods of this node; empty for all
 * @param podLogs where the kubelet keeps the logs of pods
 * @param metadataWait how long a file of a pod waits for what the API server says of it
 */
public record KubernetesSettings(
        @Nullable String apiServer,
        @Nullable Path kubeconfig,
        List<String> namespaces,
        String fieldSelector,
        String labelSelector,
        @Nullable String token,
        @Nullable Path tokenFile,
        ClientSettings.Tls tls,
        String nodeName,
        Path podLogs,
        Duration metadataWait) {
    public KubernetesSettings {
        namespaces = List.copyOf(namespaces);
    }
}
