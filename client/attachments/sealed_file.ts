/** Encrypts a file piece by piece into the spool: never more of it than two pieces are in memory. */

import { type Bytes, toHex } from "../../schema/bytes.ts";
import type { FileSource } from "../api/attachments.ts";
import { EngineError, LocalCode } from "../api/errors.ts";
import { type BlobReference, spoolName } from "./attachment.ts";
import { keyBytes, paddedLength, pieceBytes, PieceCipher, pieceCount, pieceRange, prefixBytes } from "./pieces.ts";
import type { Spool } from "./spool.ts";

/** As much of a file as is read at once. */
const chunkBytes = 256 * 1024;

/**
 * Encrypts a file under a fresh key. It has its name in the spool once its hash is known, which is part of the name.
 *
 * @param progress told how many bytes of the ciphertext are in the spool
 * @param signal ends it: what is in the spool is deleted
 * @param hold told each name that the file has in the spool, before it has it
 * @throws EngineError L039 where the source gives more or fewer bytes than it said; SpoolFullError; the signal's reason
 */
export async function sealFile(
  source: FileSource,
  spool: Spool,
  progress: (done: number) => void,
  signal: AbortSignal,
  hold: (name: string) => void,
): Promise<BlobReference> {
  const key = crypto.getRandomValues(new Uint8Array(keyBytes));
  const prefix = crypto.getRandomValues(new Uint8Array(prefixBytes));
  const { size } = source;
  const cipher = await PieceCipher.of(key, prefix, size);
  const draft = toHex(crypto.getRandomValues(new Uint8Array(16)));
  hold(draft);
  const hash = await (await import("./file_hash.ts")).fileHash();
  const file = await spool.open(draft);
  const store = async (at: number, sealed: Bytes) => {
    const { offset, length } = pieceRange(size, at);
    hash.update(sealed);
    await file.write(offset, sealed);
    progress(offset + length);
  };
  let storing = Promise.resolve();
  try {
    let index = 0;
    // The browser encrypts a piece on a thread of its own. Meanwhile the one before is hashed and written.
    for await (const piece of paddedPieces(source, signal)) {
      const [at, before] = [index++, storing];
      const sealing = cipher.seal(at, piece);
      storing = before.then(async () => await store(at, await sealing));
      // Whoever awaits it hears of it.
      storing.catch(() => {});
      await before;
    }
    await storing;
    await file.flush();
  } catch (error) {
    await storing.catch(() => {});
    await file.close();
    await spool.remove(draft);
    throw error;
  }
  await file.close();
  const blob = { sha256: hash.digest(), key, prefix };
  const name = spoolName(blob, size);
  hold(name);
  await spool.rename(draft, name);
  return blob;
}

/** The file's bytes and its padding in pieces of 1 MiB, the last one as long as it is. One buffer serves all. */
async function* paddedPieces(source: FileSource, signal: AbortSignal): AsyncGenerator<Bytes> {
  const buffer = new Uint8Array(pieceBytes);
  const last = pieceCount(source.size) - 1;
  const lengthOf = (index: number) => index < last ? pieceBytes : paddedLength(source.size) - last * pieceBytes;
  let [index, filled, read] = [0, 0, 0];
  for await (const chunk of chunksOf(source.stream())) {
    signal.throwIfAborted();
    read += chunk.length;
    if (read > source.size) throw changed();
    for (let taken = 0; taken < chunk.length;) {
      const part = chunk.subarray(taken, taken + pieceBytes - filled);
      buffer.set(part, filled);
      [taken, filled] = [taken + part.length, filled + part.length];
      if (filled < lengthOf(index)) continue;
      yield buffer.subarray(0, filled);
      [index, filled] = [index + 1, 0];
    }
  }
  if (read !== source.size) throw changed();
  for (; index <= last; index++) {
    buffer.fill(0, filled);
    yield buffer.subarray(0, lengthOf(index));
    filled = 0;
    signal.throwIfAborted();
  }
}

/**
 * By a reader and not by the stream's iterator, which Safari 18 does not have. Where the source is a stream of bytes,
 * as a file's is, one buffer serves all chunks: else as much as the file would lie in memory until it is collected.
 */
async function* chunksOf(stream: ReadableStream<Bytes>): AsyncGenerator<Bytes> {
  let byob: ReadableStreamBYOBReader | undefined;
  try {
    byob = stream.getReader({ mode: "byob" });
  } catch {
    // A stream of whatever.
  }
  const reader = byob ?? stream.getReader();
  let buffer = new ArrayBuffer(chunkBytes);
  const next = async () => {
    if (!byob) return (await (reader as ReadableStreamDefaultReader<Bytes>).read()).value;
    const { value, done } = await byob.read(new Uint8Array(buffer));
    if (value) buffer = value.buffer;
    return done ? undefined : value;
  };
  try {
    for (let chunk = await next(); chunk; chunk = await next()) yield chunk;
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function changed(): EngineError {
  return new EngineError({ code: LocalCode.badFile, detail: "the file has changed while it was read" });
}
