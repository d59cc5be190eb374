/** What happens to an entry between its source and the outbox: Promtail's stages, and Skald's own. For sources of {@link io.skald.agent.Agent}. */
@org.jspecify.annotations.NullMarked
package io.skald.agent.pipeline;
