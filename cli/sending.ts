/** Sends a message and waits until the server has it. */

import type { EngineEvent, MessageItem } from "../client/api/engine_api.ts";
import { LocalCode } from "../client/api/errors.ts";
import { Failure, failureOfProblem } from "./failure.ts";
import { exitCodes } from "./usage.ts";

/** What sending needs of a command's session. */
export interface SendingParts {
  watch(watcher: (event: EngineEvent) => void): () => void;
  timeoutMs: number;
}

/** How to send. */
export interface SendOptions {
  chatId: string;
  /** Gives the message to the engine. */
  work(messageId: string): Promise<void>;
  /** Does not wait for the server. */
  isOffline?: boolean;
  /** Called when the message stays on the device for now. */
  kept?(messageId: string): Promise<void>;
}

/**
 * Sends and waits. Each part of a file that the server takes begins the time anew.
 *
 * @throws Failure
 */
export async function sendAndWait(
  { watch, timeoutMs }: SendingParts,
  { chatId, work, isOffline = false, kept = () => Promise.resolve() }: SendOptions,
): Promise<{ messageId: string; atMs: number }> {
  const messageId = Array.from(
    crypto.getRandomValues(new Uint8Array(16)),
    (byte) => byte.toString(16).padStart(2, "0"),
  ).join("");
  const { promise: settled, resolve, reject } = Promise.withResolvers<MessageItem>();
  settled.catch(() => {});
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = () => {
    clearTimeout(timer);
    timer = setTimeout(() => reject(keptFailure()), timeoutMs);
  };
  const unwatch = watch((event) => {
    if (event.kind === "transfer" && event.transfer.messageId === messageId) patience();
    if (event.kind !== "timeline" || event.chatId !== chatId) return;
    const item = event.items.find((candidate) =>
      candidate.kind === "message" && candidate.own && candidate.messageId === messageId
    ) as MessageItem | undefined;
    if (item?.state === "sent") resolve(item);
    if (item?.state === "failed") {
      const code = item.errorCode ?? LocalCode.internal;
      reject(failureOfProblem({ code, detail: "the message could not be sent" }));
    }
  });
  patience();
  try {
    await work(messageId);
    if (isOffline) throw keptFailure();
    const { atMs } = await settled;
    return { messageId, atMs };
  } catch (error) {
    if (error instanceof Failure && error.exitCode === exitCodes.offline) await kept(messageId);
    throw error;
  } finally {
    clearTimeout(timer);
    unwatch();
  }
}

const keptFailure = () =>
  new Failure(
    exitCodes.offline,
    "the server has not taken the message yet",
    "it is kept and goes out with the next command that reaches the server",
    LocalCode.offline,
  );
