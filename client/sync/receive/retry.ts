/**
 * Handles kept entries again (specification §6.4).
 *
 * The commit that could not be opened comes first, then all entries behind it, in order.
 */

import { type Bytes, toHex } from "../../../schema/bytes.ts";
import { type Entry, EntryKind } from "../../../schema/rpc/methods.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import { missedKey, noteMissed } from "../conversation/missed_messages.ts";
import { receiveCommit } from "./incoming_commit.ts";
import { receiveMessage } from "./incoming_message.ts";
import type { UnreadableRecord } from "../conversation/records.ts";
import { desyncOf } from "../conversation/standing.ts";
import { arrivalOf, type EntryContext } from "../conversation/entry_context.ts";

interface Retry {
  /** @returns the epoch's secret, if it opens the kept commit */
  secretOf(entry: Entry): Promise<Bytes | undefined>;
  /** Called when the commit was followed. */
  done(): void;
}

/**
 * @param conversation is out of step; the caller holds its mutex
 * @returns whether the failed commit was followed; nothing has changed if the secret does not open it
 */
export async function retryKept(
  { context, unit }: Pick<EntryContext, "context" | "unit">,
  conversation: ConversationTransaction,
  { secretOf, done }: Retry,
): Promise<boolean> {
  const kept = await context.store.range<UnreadableRecord>("unreadable", `${conversation.id}/`);
  const entries = kept.map(({ key, value }) => ({ key, entry: entryOf(conversation, key, value) }));
  const desync = desyncOf(conversation.record)!;
  const commit = entries.find(({ entry }) =>
    entry.kind === EntryKind.COMMIT && entry.epoch === desync.epoch && entry.body.length > 0
  );
  const S = commit && await secretOf(commit.entry);
  if (!commit || !S) return false;
  conversation.backInStep();
  conversation.set({ keptBytes: undefined });
  unit.delete("unreadable", commit.key);
  unit.arrival = arrivalOf(context, commit.entry);
  await receiveCommit({ context, unit, entry: commit.entry }, S);
  if (desyncOf(conversation.record)) return true;
  done();
  for (const { key, entry } of entries) {
    if (entry.seq <= commit.entry.seq) continue;
    if (entry.body.length === 0) {
      unit.arrival = arrivalOf(context, entry);
      if (entry.kind === EntryKind.APPLICATION) await noteUnkept(context, unit, conversation, entry);
      continue;
    }
    unit.delete("unreadable", key);
    // An entry that fails again is stored again under its key, and is not tried a third time: this device is
    // out of step again, or the message is shown as unreadable.
    unit.arrival = arrivalOf(context, entry);
    if (entry.kind === EntryKind.COMMIT) await receiveCommit({ context, unit, entry });
    else if (entry.kind === EntryKind.APPLICATION) await receiveMessage({ context, unit, entry }, true);
  }
  return true;
}

/** There was no room for a message's bytes (rejection.ts). So nobody knows whom to ask for it, but it is not silent. */
async function noteUnkept(
  { store, account }: EntryContext["context"],
  unit: EntryContext["unit"],
  conversation: ConversationTransaction,
  { epoch, id, receivedMs }: Entry,
): Promise<void> {
  const key = missedKey(conversation.id, "unknown", toHex(id));
  await noteMissed({ store }, unit, conversation, key, { epoch, receivedMs, nowMs: account.clock.now() });
}

function entryOf(
  conversation: ConversationTransaction,
  key: string,
  { kind, epoch, id, header, body, receivedMs, place = 0 }: UnreadableRecord,
): Entry {
  const seq = Number.parseInt(key.slice(key.lastIndexOf("/") + 1), 16);
  // The committer's statement to the server is not kept. A difference shows at the next commit.
  const statement = { removed: [], added: [], membersHash: new Uint8Array(), place, turn: 0 };
  return {
    seq,
    kind: kind as Entry["kind"],
    channelId: conversation.record.channelId,
    epoch,
    id,
    header,
    body,
    bodyLength: body.length,
    receivedMs,
    ...statement,
  };
}
