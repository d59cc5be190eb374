/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The stores that the configuration names, and {@code skald store}, which makes and checks them. */
@org.jspecify.annotations.NullMarked
package io.skald.cli.store;
