/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The push endpoints: decoding, validation by the limits of a tenant, and what is found out about each entry (service name, level). */
@org.jspecify.annotations.NullMarked
package io.skald.ingester.push;
