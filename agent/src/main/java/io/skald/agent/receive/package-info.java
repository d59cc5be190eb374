/** Sources that are no files: journal, syslog, Kafka, HTTP receivers, containers, standard input. For {@link io.skald.agent.AgentProcess}. */
@org.jspecify.annotations.NullMarked
package io.skald.agent.receive;
