/* SPDX-FileCopyrightText: The Skald authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Backups of what is in the stores: made, looked through, put back. For commands; what a backup is made of stands in docs/formats/backup.md. */
@org.jspecify.annotations.NullMarked
package io.skald.storage.backup;
