/**
 * After a call that got no answer: whether the server has done it. Some calls put a code in force that is shown only
 * when they have succeeded, and make the one before it void. They can not be repeated, either.
 */

import { ErrorCode, isWireError, TransportError } from "../../../schema/rpc/errors.ts";

/** How long the server is asked, and the pause between, in ms. The connection may be gone with the answer. */
const longestMs = 30_000;
const betweenTriesMs = 500;
/** How long it may take to say it, in ms. */
export const askTimeoutMs = 5_000;

/** @param ask makes calls @returns what it gives; undefined where one is refused, or none is answered */
export async function answered<T>(ask: () => Promise<T>): Promise<T | undefined> {
  for (const startedMs = performance.now(); performance.now() - startedMs < longestMs;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof TransportError) && !isWireError(error, ErrorCode.draining)) return undefined;
    }
    await new Promise((resolve) => setTimeout(resolve, betweenTriesMs));
  }
  return undefined;
}
