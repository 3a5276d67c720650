/** The path of an attachment's file. The layout is stored data: delivery, backup and check share it. */

import { toHex } from "../../schema/bytes.ts";

/**
 * @param dir the folder of attachments (`blobs/` of the data directory)
 * @param sha256 32 bytes: SHA-256 of the file's content
 * @returns the path of the attachment's file
 */
export function blobPath(dir: string, sha256: Uint8Array): string {
  const name = toHex(sha256);
  return `${dir}/${name.slice(0, 2)}/${name}`;
}
