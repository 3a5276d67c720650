/** The session loop of a signed-in device: subscribes from the cursor, passes entries on, notices silence. */

import type { Bytes } from "../../schema/bytes.ts";
import { ErrorCode, isWireError } from "../../schema/rpc/errors.ts";
import { delivery, type Entry, type ResultsOf } from "../../schema/rpc/methods.ts";
import type { RpcClient } from "../../schema/rpc/client.ts";
import type { Environment } from "../runtime/environment.ts";
import type { SessionEnd } from "./connection_manager.ts";

/** The server sends at least an empty element every 20 s. */
export const silenceMs = 45_000;

export interface SubscriptionOptions {
  rpc: RpcClient;
  environment: Environment;
  /** 32 bytes */
  recipientKey: Bytes;
  /** The highest seq that is on disk. */
  cursor: () => number;
  /** What this connection says of the profile; 16 bytes each (specification §4.15). */
  opening(): Promise<{ run: Bytes; mark: Bytes; before: Bytes[] }>;
  /**
   * Another engine has gone on with this device's keys. Where the first answer says so, this is called at the end of
   * the backlog: what waits is opened with the present keys, and nobody else will get it.
   */
  copied(): Promise<void>;
  /** Processes entries; a throw ends the subscription, and the next one starts from the cursor. */
  receive(entries: Entry[]): Promise<void>;
  /** The server has never given such a number (E018): the next subscription begins at 0. @throws StorageError */
  restart(): Promise<void>;
  /** The backlog is processed (called once). */
  caughtUp(): void;
  /**
   * The first sign that the server serves this device.
   *
   * @param word `held`: another engine of this device was connected, and may still say that it runs. `copied`: see
   *   there. In both cases nothing is sent before the end of the backlog
   */
  answered(word: { held: boolean; copied: boolean }): Promise<void> | void;
  /** Told of errors that end the subscription, for logs. */
  failed(error: unknown): void;
}

/**
 * Listens until the subscription ends. Never rejects.
 *
 * @param signal ends the subscription
 * @returns how it ended
 */
export async function listen(options: SubscriptionOptions, signal: AbortSignal): Promise<SessionEnd> {
  const silence = new AbortController();
  let cancel = () => {};
  const watch = () => {
    cancel();
    cancel = options.environment.after(silenceMs, () => silence.abort(new Error("the server fell silent")));
  };
  let caughtUp = false;
  let answered = false;
  /** Nothing is sent before the end of the backlog, so until then a copy does no harm. */
  let waits = false;
  let isCopied = false;
  let isToldOnce = false;
  try {
    watch();
    const signals = { signal: AbortSignal.any([signal, silence.signal]) };
    for await (const { entries, copied, held } of subscribed(options, signals)) {
      // Time that this device needs for an element is not the server's silence.
      cancel();
      if (!answered) {
        answered = true;
        waits = held || copied;
        await options.answered({ held, copied });
      } else if (copied) isToldOnce = true;
      if (copied && waits && !caughtUp) isCopied = true;
      else if (copied) await options.copied();
      if (entries.length > 0) {
        await options.receive(entries);
      } else if (!caughtUp && !copied && !held) {
        if (isCopied) await options.copied();
        caughtUp = true;
        options.caughtUp();
      }
      watch();
    }
    return "drained";
  } catch (error) {
    // Nothing is wrong that anybody could mend, and nothing is lost: what was handled is known by its id.
    if (isWireError(error, ErrorCode.cursorAhead) && options.cursor() > 0) {
      await options.restart().catch(options.failed);
      return "lost";
    }
    if (!signal.aborted) options.failed(error);
    if (isWireError(error, ErrorCode.draining)) return "drained";
    if (isWireError(error, ErrorCode.openElsewhere)) return "elsewhere";
    if (isWireError(error, ErrorCode.unauthenticated, ErrorCode.sessionExpired, ErrorCode.forbidden)) return "ended";
    return "lost";
  } finally {
    cancel();
    // The first answer says it again at the next connection. The word of an engine that runs comes once.
    if (isToldOnce && isCopied && !caughtUp) await options.copied().catch(options.failed);
  }
}

/** The elements of the subscription. A server of before answers the call with E014, and is asked as before. */
async function* subscribed(
  { rpc, recipientKey, cursor, opening }: SubscriptionOptions,
  options: { signal: AbortSignal },
): AsyncGenerator<ResultsOf<typeof delivery.subscribeAs>> {
  const as = await opening();
  try {
    yield* rpc.stream(delivery.subscribeAs, { recipientKey, after: cursor(), ...as, displaced: false }, options);
    return;
  } catch (error) {
    if (!isWireError(error, ErrorCode.malformed)) throw error;
  }
  for await (const { entries } of rpc.stream(delivery.subscribe, { recipientKey, after: cursor() }, options)) {
    yield { entries, copied: false, held: false };
  }
}
