/** Sends one blob of the spool in parts, from where the server says that it is. */

import { ErrorCode, isWireError } from "../../schema/rpc/errors.ts";
import type { RpcClient } from "../../schema/rpc/client.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import { EngineError, LocalCode } from "../api/errors.ts";
import type { Bytes } from "../../schema/bytes.ts";
import type { SpoolFiles } from "./spool_files.ts";

/** Bytes of the first part. The next are larger while that takes little time: a slow line shows progress, too. */
const firstPartBytes = 1024 * 1024;
/** The server takes no larger one. */
const largestPartBytes = 8 * 1024 * 1024;
/** A part that is taken within this lets the next one be twice as large; one that takes four times as long, half. */
const quickMs = 2_000;
const longestPartMs = 180_000;
/** How often the server may say that it has less than before: it was restored, or the upload had rested too long. */
const mostSteps = 3;

/** A blob that waits to be sent. */
export interface WaitingBlob {
  /** 32 bytes */
  sha256: Bytes;
  /** Bytes. */
  length: number;
  /** Its name in the spool. */
  spool: string;
}

/**
 * Sends a blob. Calling it again goes on where it was cut off.
 *
 * @param progress told how many bytes the server has
 * @param now ms, from any beginning
 * @throws EngineError L039 where the spool has lost the file, L020 where the server says what can not be; WireError
 *   (E014: twice what came did not have the hash), TransportError; the signal's reason
 */
export async function uploadBlob(
  rpc: RpcClient,
  files: SpoolFiles,
  { sha256, length, spool }: WaitingBlob,
  progress: (have: number) => void,
  signal: AbortSignal,
  now: () => number,
): Promise<void> {
  const put = async (offset: number, bytes: Bytes) => {
    const params = { sha256, length, offset, drop: false };
    const { have } = await rpc.call(delivery.putBlobPart, params, { signal, timeoutMs: longestPartMs }, bytes);
    if (have > length) throw badAnswer("the server has more of a blob than there is");
    return have;
  };
  await files.use(spool, async (file) => {
    let have = await put(0, new Uint8Array());
    let partBytes = firstPartBytes;
    // A new one for each part would stand in memory until the garbage is collected.
    let buffer: Bytes = new Uint8Array();
    for (let backwards = 0; have < length;) {
      progress(have);
      const wanted = Math.min(partBytes, length - have);
      if (buffer.length < wanted) buffer = new Uint8Array(wanted);
      const bytes = await file.read(have, wanted, buffer);
      if (bytes.length === 0) throw lost();
      const startMs = now();
      const before = have;
      try {
        have = await put(have, bytes);
      } catch (error) {
        // What the server had was not ours: a crash had left other bytes. All is sent again, once.
        if (!isWireError(error, ErrorCode.malformed) || backwards > 0) throw error;
        [have, backwards] = [await put(0, new Uint8Array()), mostSteps - 1];
        continue;
      }
      if (have <= before && ++backwards > mostSteps) throw badAnswer("the server keeps nothing of a blob");
      const tookMs = now() - startMs;
      if (tookMs < quickMs) partBytes = Math.min(largestPartBytes, 2 * partBytes);
      else if (tookMs > 4 * quickMs) partBytes = Math.max(firstPartBytes / 4, partBytes / 2);
    }
    progress(have);
  });
}

/** The server forgets what it has of an unfinished blob. It does so by itself a day later. */
export async function dropBlob(rpc: RpcClient, { sha256, length }: WaitingBlob): Promise<void> {
  await rpc.call(delivery.putBlobPart, { sha256, length, offset: 0, drop: true });
}

function lost(): EngineError {
  return new EngineError({ code: LocalCode.badFile, detail: "the device has lost the file" });
}

function badAnswer(detail: string): EngineError {
  return new EngineError({ code: LocalCode.badAnswer, detail });
}
