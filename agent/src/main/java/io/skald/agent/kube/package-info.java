/** Finds the pods of the agent's node and their logs. For the agent's configuration. */
@org.jspecify.annotations.NullMarked
package io.skald.agent.kube;
