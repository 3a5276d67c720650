/** The session loop of a signed-in device: subscribes from the cursor, passes entries on, notices silence. */

import type { Bytes } from "../../schema/bytes.ts";
import { ErrorCode, isWireError } from "../../schema/rpc/errors.ts";
import { delivery, type Entry } from "../../schema/rpc/methods.ts";
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
  /** Processes entries; a throw ends the subscription, and the next one starts from the cursor. */
  receive(entries: Entry[]): Promise<void>;
  /** The backlog is processed (called once). */
  caughtUp(): void;
  /** The first sign that the server serves this device. */
  answered(): void;
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
  try {
    watch();
    const stream = options.rpc.stream(delivery.subscribe, {
      recipientKey: options.recipientKey,
      after: options.cursor(),
    }, { signal: AbortSignal.any([signal, silence.signal]) });
    for await (const { entries } of stream) {
      // Time that this device needs for an element is not the server's silence.
      cancel();
      if (!answered) {
        answered = true;
        options.answered();
      }
      if (entries.length > 0) {
        await options.receive(entries);
      } else if (!caughtUp) {
        caughtUp = true;
        options.caughtUp();
      }
      watch();
    }
    return "drained";
  } catch (error) {
    if (!signal.aborted) options.failed(error);
    if (isWireError(error, ErrorCode.draining)) return "drained";
    if (isWireError(error, ErrorCode.unauthenticated, ErrorCode.sessionExpired, ErrorCode.forbidden)) return "ended";
    return "lost";
  } finally {
    cancel();
  }
}
