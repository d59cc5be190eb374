/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
package io.skald.ingester.push;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.CodedOutputStream;
import io.skald.core.model.EntryBatch;
import io.skald.core.model.RequestException;
import io.skald.core.wire.otlp.OtlpLogs;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What of a log record of OpenTelemetry becomes a label, metadata, time and line. */
class OtlpMappingTest {
    private static String shown(List<EntryBatch> decoded) {
        StringBuilder sb = new StringBuilder();
        for (EntryBatch b : decoded) {
            for (int i = 0; i < b.size(); i++) {
                sb.append(sb.isEmpty() ? "" : "\n")
                        .append(b.labels())
                        .append(' ')
                        .append(b.timestampNanos(i))
                        .append(' ')
                        .append(b.metadata(i))
                        .append(' ')
                        .append(new String(b.buffer(i), b.offset(i), b.length(i), StandardCharsets.UTF_8));
            }
        }
        return sb.toString();
    }

    private static String json(String resourceAttributes, String record) {
        byte[] b = ("{\"resourceLogs\":[{\"resource\":{\"attributes\":[" + resourceAttributes
                        + "]},\"scopeLogs\":[{\"scope\":{},\"logRecords\":[{" + record + "}]}]}]}")
                .getBytes(StandardCharsets.UTF_8);
        return shown(OtlpLogs.json(b, b.length));
    }

    private static String attribute(String key, String value) {
        return "{\"key\":\"" + key + "\",\"value\":" + value + "}";
    }

    /** The attributes of a resource that become labels in Loki, by default. */
    @ParameterizedTest
    @CsvSource({
        "service.name,service_name",
        "service.namespace,service_namespace",
        "service.instance.id,service_instance_id",
        "deployment.environment,deployment_environment",
        "deployment.environment.name,deployment_environment_name",
        "cloud.region,cloud_region",
        "cloud.availability_zone,cloud_availability_zone",
        "k8s.cluster.name,k8s_cluster_name",
        "k8s.namespace.name,k8s_namespace_name",
        "k8s.pod.name,k8s_pod_name",
        "k8s.container.name,k8s_container_name",
        "container.name,container_name",
        "k8s.replicaset.name,k8s_replicaset_name",
        "k8s.deployment.name,k8s_deployment_name",
        "k8s.statefulset.name,k8s_statefulset_name",
        "k8s.daemonset.name,k8s_daemonset_name",
        "k8s.cronjob.name,k8s_cronjob_name",
        "k8s.job.name,k8s_job_name"
    })
    void labels(String attribute, String label) {
        assertThat(json(attribute(attribute, "{\"stringValue\":\"v\"}"), "\"timeUnixNano\":\"5\""))
                .isEqualTo("{" + label + "=\"v\"} 5 {} ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"timeUnixNano\":\"5\",\"body\":{\"stringValue\":\"x\"} | 5 {} x",
                "\"observedTimeUnixNano\":\"7\" | 7 {observed_timestamp=\"7\"}",
                "\"timeUnixNano\":\"5\",\"severityNumber\":9,\"severityText\":\"INFO\" | 5 {severity_number=\"9\", severity_text=\"INFO\"}",
                "\"timeUnixNano\":5,\"traceId\":\"aa\",\"spanId\":\"bb\",\"flags\":1 | 5 {flags=\"1\", span_id=\"bb\", trace_id=\"aa\"}",
                "\"timeUnixNano\":5,\"droppedAttributesCount\":2 | 5 {dropped_attributes_count=\"2\"}",
                "\"timeUnixNano\":5,\"body\":{\"arrayValue\":{\"values\":[{\"intValue\":\"1\"},{\"doubleValue\":1.5},{\"boolValue\":true}]}} | 5 {} [1,1.5,true]",
                "\"timeUnixNano\":5,\"attributes\":[{\"key\":\"a.b\",\"value\":{\"kvlistValue\":{\"values\":[{\"key\":\"c\",\"value\":{\"stringValue\":\"d\"}}]}}}] | 5 {a_b_c=\"d\"}",
                "\"timeUnixNano\":5,\"attributes\":[{\"key\":\"9x\",\"value\":{\"boolValue\":false}}] | 5 {key_9x=\"false\"}"
            })
    void records(String record, String expected) {
        assertThat(json("", record).strip()).isEqualTo("{} " + expected);
    }

    @Test
    void otherAttributesOfTheResourceBecomeMetadata() {
        assertThat(json(attribute("host.name", "{\"stringValue\":\"h\"}"), "\"timeUnixNano\":5"))
                .isEqualTo("{} 5 {host_name=\"h\"} ");
    }

    @Test
    void refusesNumbersThatAreNone() {
        assertThatThrownBy(() -> json("", "\"timeUnixNano\":\"soon\""))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("soon");
        assertThatThrownBy(() -> json("", "\"timeUnixNano\":5,\"body\":{\"doubleValue\":{}}"))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("is not a number");
    }

    private interface Fields {
        void writeTo(CodedOutputStream out) throws IOException;
    }

    private static byte[] message(Fields fields) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        fields.writeTo(out);
        out.flush();
        return bytes.toByteArray();
    }

    private static byte[] attribute(String key, Fields value) throws IOException {
        return message(a -> {
            a.writeString(1, key);
            a.writeByteArray(2, message(value));
        });
    }

    @Test
    void protobufSaysTheSameAsJson() throws IOException {
        byte[] record = message(r -> {
            r.writeFixed64(1, 5);
            r.writeInt32(2, 17);
            r.writeString(3, "ERROR");
            r.writeByteArray(5, message(v -> v.writeString(1, "line")));
            r.writeByteArray(6, attribute("n", v -> v.writeInt64(3, -4)));
            r.writeByteArray(6, attribute("d", v -> v.writeDouble(4, 0.5)));
            r.writeByteArray(9, new byte[] {(byte) 0xab, 1});
        });
        byte[] body = message(q -> q.writeByteArray(1, message(rl -> {
            rl.writeByteArray(
                    1, message(r -> r.writeByteArray(1, attribute("service.name", v -> v.writeString(1, "x")))));
            rl.writeByteArray(2, message(s -> {
                s.writeByteArray(1, message(c -> c.writeString(1, "lib")));
                s.writeByteArray(2, record);
            }));
        })));
        assertThat(shown(OtlpLogs.proto(body, body.length)))
                .isEqualTo("{service_name=\"x\"} 5 {d=\"0.5\", n=\"-4\", scope_name=\"lib\", severity_number=\"17\","
                        + " severity_text=\"ERROR\", trace_id=\"ab01\"} line");
    }
}
