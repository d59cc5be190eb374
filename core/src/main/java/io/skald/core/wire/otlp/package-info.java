/** OpenTelemetry's log export requests, as entries. For whatever takes them: the ingester's push endpoint and the agent's receiver. */
@org.jspecify.annotations.NullMarked
package io.skald.core.wire.otlp;
