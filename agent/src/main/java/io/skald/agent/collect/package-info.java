/** Gathers entries of all sources into batches, gives them their times, and brings batches to the outbox and on to the senders. */
@org.jspecify.annotations.NullMarked
package io.skald.agent.collect;
