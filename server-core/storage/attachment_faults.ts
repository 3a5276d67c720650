/** Compares the records of attachments with their files. */

import { createHash } from "node:crypto";
import { toHex } from "../../schema/bytes.ts";
import { blobPath } from "./blob_path.ts";

/** The record of an attachment in the store. */
export interface AttachmentRecord {
  /** 32 bytes. */
  sha256: Uint8Array;
  /** Bytes. */
  length: number;
}

/**
 * @param records attachments that have not expired
 * @param folder the folder of the files
 * @param hashes whether the content of each file is hashed, too
 * @returns a sentence for each attachment that is missing or differs from its record
 */
export function attachmentFaults(records: AttachmentRecord[], folder: string, hashes: boolean): string[] {
  return records.flatMap(({ sha256, length }) => {
    const name = toHex(sha256);
    try {
      const path = blobPath(folder, sha256);
      if (Deno.statSync(path).size !== length) return [`attachment ${name} has another length than its record`];
      return hashes && hashOf(path) !== name ? [`attachment ${name} has another content than its name says`] : [];
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [`attachment ${name} has a record and no file`];
      throw error;
    }
  });
}

function hashOf(path: string): string {
  const hash = createHash("sha256");
  using file = Deno.openSync(path, { read: true });
  const piece = new Uint8Array(1024 * 1024);
  for (let length = file.readSync(piece); length !== null; length = file.readSync(piece)) {
    hash.update(piece.subarray(0, length));
  }
  return hash.digest("hex");
}
