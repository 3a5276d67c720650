/** The context in which one queue entry is handled. */

import { type Entry, EntryKind } from "../../../schema/rpc/methods.ts";
import type { Arrival } from "./line_changes.ts";
import type { SyncContext } from "./sync_context.ts";
import type { UnitOfWork } from "./unit_of_work.ts";

/** One entry of the queue, and the unit of work that takes its effects. */
export interface EntryContext {
  context: SyncContext;
  unit: UnitOfWork;
  entry: Entry;
}

/** What has a place in the channel's order. The rest stands where this device was when it came. */
const placed: ReadonlySet<number> = new Set([
  EntryKind.APPLICATION,
  EntryKind.COMMIT,
  EntryKind.OWN_COMMIT,
  EntryKind.WELCOME,
  EntryKind.REMOVED,
]);

/** @returns where the entry's lines stand; undefined for an entry without a place */
export function arrivalOf(
  { account }: Pick<SyncContext, "account">,
  { kind, channelId, receivedMs, place }: Pick<Entry, "kind" | "channelId" | "receivedMs" | "place">,
): Arrival | undefined {
  if (!placed.has(kind)) return undefined;
  return { channelId: new Uint8Array(channelId), said: { place, receivedMs }, nowMs: account.clock.now() };
}
