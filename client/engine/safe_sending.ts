/** When a connection may be used for sending. */

import { knownRestore, newRestore, noteRestore, type Restore } from "../account/restores.ts";
import { backoffMs } from "../runtime/backoff.ts";
import { pause } from "../runtime/clock.ts";
import type { SyncContext } from "../sync/conversation/sync_context.ts";
import { dealWithRestore, type RestoredNeeds } from "../sync/recovery/restored.ts";

/**
 * How long nothing is sent where another engine of this device was connected, in ms. If that one still runs, it says so
 * in this time, and this device's state is not to be used for sending.
 */
const heldMs = 1_500;

/** What is done on the way to sending. */
export interface Sending extends RestoredNeeds {
  /** From now on messages and commits go out. */
  connected(): void;
  putAccountAgain(): Promise<void>;
  report(error: unknown): void;
  isClosed(): boolean;
}

/** One connection. */
export interface SendingConnection {
  /** The backlog of the connection is through, or the connection is over. */
  caughtUp: Promise<void>;
  /** Aborts when the connection is over. */
  over: AbortSignal;
  /** Another engine of this device was connected, and may say that it still runs. */
  held: boolean;
  /** One has gone on with this device's keys: they are given up at the end of the backlog. */
  copied: boolean;
}

/**
 * Sends what waits, once no other engine of this device has said that it runs, and once this device knows that the
 * server was not restored, or else where its groups stand. A restored server takes what was sealed in an epoch that it
 * has lost for one of a new epoch with the same number, where nobody can open it (docs/decisions/023). Until both are
 * known it asks again.
 */
export async function sendWhenSafe(
  context: SyncContext,
  sending: Sending,
  { caughtUp, over, held, copied }: SendingConnection,
): Promise<void> {
  // The word of the other engine comes behind the backlog.
  if (held || copied) await caughtUp;
  if (held) await pause(context.environment, heldMs, over);
  for (let failures = 1; !over.aborted; failures++) {
    try {
      const restore = await newRestore(context);
      // A device that asks for the first time has sent nothing that a restore could have lost.
      const isFirst = await knownRestore(context.store) === undefined;
      if (restore && !isFirst) await caughtUp;
      if (over.aborted) return;
      if (restore && !isFirst) await dealWithRestore(context, restore, sending);
      if (over.aborted || sending.isClosed()) return;
      sending.connected();
      return restore && await finishRestore(context, sending, restore);
    } catch {
      await pause(context.environment, backoffMs(failures, context.environment.random()), over);
    }
  }
}

/** Where this fails, all of it is done again at the next connection. */
async function finishRestore({ store }: SyncContext, sending: Sending, restore: Restore): Promise<void> {
  try {
    if (restore.restoredMs > 0) await sending.putAccountAgain();
    await noteRestore(store, restore);
  } catch (error) {
    sending.report(error);
  }
}
