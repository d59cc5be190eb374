/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** What was read of segments that are far away, kept on a disk that is near. */
@org.jspecify.annotations.NullMarked
package io.skald.storage.cache;
