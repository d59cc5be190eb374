/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The commit log of a tenant: which segments exist, and up to which WAL position each ingester is stored. Format page: docs/formats/log.md. */
@org.jspecify.annotations.NullMarked
package io.skald.storage.index;
