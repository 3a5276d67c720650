/** Leaves every chat before the account is deleted, as far as that can be done in a bounded time. */

import { mapWithConcurrency } from "../runtime/pool.ts";
import { pause } from "../runtime/clock.ts";
import type { Environment } from "../runtime/environment.ts";
import { isIn } from "../sync/conversation/standing.ts";
import type { SignedInEngine } from "./signed_in_engine.ts";

/** How long the chats are given, in ms. What is left then goes without a word: members take the devices out. */
const leavingPatienceMs = 30_000;
/** Chats that are left at a time: each may need two commits, and an answer to each. */
const atOnce = 4;
const lookMs = 25;

/**
 * Asks the members of all chats to take this account out, and waits until the server has the requests. A last admin
 * makes another member admin first. A chat that can not be left now is passed over: the account's last device list
 * revokes its devices, and members take them out by that.
 *
 * @param advance told how many chats are done, and of how many
 */
export async function leaveAll(
  engine: Pick<SignedInEngine, "conversations" | "leaving" | "unsent">,
  environment: Environment,
  advance: (done: number, total: number) => void,
): Promise<void> {
  const over = new AbortController();
  const cancel = environment.after(leavingPatienceMs, () => over.abort());
  const ended = new Promise<void>((resolve) => over.signal.addEventListener("abort", () => resolve(), { once: true }));
  const chats = engine.conversations.all().filter(({ record }) => isIn(record));
  let done = 0;
  advance(done, chats.length);
  const leaving = mapWithConcurrency(chats, atOnce, async ({ id }) => {
    if (over.signal.aborted) return;
    await engine.leaving.leave(id).catch(() => {});
    advance(++done, chats.length);
  });
  try {
    await Promise.race([leaving, ended]);
    while (engine.unsent > 0 && !over.signal.aborted) await pause(environment, lookMs, over.signal);
  } finally {
    cancel();
  }
}
