/**
 * SHA-256 of bytes that come in parts. The browser's own takes a whole alone; WebAssembly is two to three times as fast
 * as JavaScript (docs/decisions/062-file-hash.md). It is loaded with the first file.
 */

import { createSHA256 } from "hash-wasm";
import type { Bytes } from "../../schema/bytes.ts";

export interface FileHash {
  update(part: Uint8Array): void;
  /** @returns 32 bytes; nothing comes after it */
  digest(): Bytes;
}

/** Begins a hash. @returns its own state: several may be under way */
export async function fileHash(): Promise<FileHash> {
  const hash = await createSHA256();
  return {
    update: (part) => void hash.update(part),
    digest: () => new Uint8Array(hash.digest("binary")),
  };
}
