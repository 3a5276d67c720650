/** An attachment of a message: what is shown of it, and what opens it. */

import { sha256 } from "@noble/hashes/sha2.js";
import type { AttachmentInfo } from "../api/attachments.ts";
import { type Bytes, toHex, utf8 } from "../../schema/bytes.ts";

/** What finds and opens the ciphertext. It stays in the engine. */
export interface BlobReference {
  /** 32 bytes: the ciphertext's, its address on the server. */
  sha256: Bytes;
  /** 32 bytes */
  key: Bytes;
  /** 7 bytes, of all nonces. */
  prefix: Bytes;
}

/** An attachment as the engine stores it. */
export interface StoredAttachment extends AttachmentInfo {
  blob: BlobReference;
}

const referenceLabel = utf8("qpq reference 1");

/**
 * Names what a reference opens. All of it counts: members of a chat know the key of a file, and can seal other bytes
 * under it.
 *
 * @param size bytes of the file
 * @returns hex of 32 bytes: whoever can not open the file does not know them either
 */
export function referenceId({ sha256: hash, key, prefix }: BlobReference, size: number): string {
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(size));
  const parts = [referenceLabel, hash, key, prefix, length];
  return toHex(parts.reduce((all, part) => all.update(part), sha256.create()).digest() as Bytes);
}

/** @param size bytes of the file @returns the name of its ciphertext in the spool */
export function spoolName(blob: BlobReference, size: number): string {
  return referenceId(blob, size).slice(0, 32);
}

/** @returns what a view may have of stored attachments: no keys */
export function shownAttachments(attachments: readonly AttachmentInfo[]): AttachmentInfo[] {
  return attachments.map((attachment) => {
    const { blob: _kept, ...shown } = attachment as StoredAttachment;
    return shown;
  });
}
