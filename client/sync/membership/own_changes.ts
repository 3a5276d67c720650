/** Own additions and removals that a move into a replacement channel has undone (fork_point.ts). */

import { codeName, ErrorCode } from "../../../schema/rpc/errors.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import { type ConversationRecord, resendForMs } from "../conversation/records.ts";
import { desyncOf, isIn } from "../conversation/standing.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { Membership } from "./membership.ts";

/** Refusals of a rule, which are not tried again. */
const forbidden: ReadonlySet<string> = new Set([LocalCode.notAllowed, codeName(ErrorCode.forbidden)]);

/**
 * Repeats them. What fails for another reason than a rule is tried again at the next connection.
 *
 * @throws StorageError
 */
export async function redoOwnChanges(context: SyncContext, membership: Membership, chatId: string): Promise<void> {
  const { conversations, account } = context;
  const record = conversations.get(chatId)?.record;
  if (!record || !isIn(record) || desyncOf(record) || !record.redo) return;
  const left: NonNullable<ConversationRecord["redo"]> = { add: [], remove: [] };
  // Without a move it is a removal of a time when this device could not follow.
  const isOver = (record.movedMs ?? Infinity) + resendForMs < account.clock.now();
  for (const kind of isOver ? [] : ["remove", "add"] as const) {
    for (const username of record.redo[kind]) {
      const isThere = conversations.get(chatId)?.record.members.some((member) => member.username === username) === true;
      if (isThere !== (kind === "remove")) continue;
      // A change that the replacement's admins forbid this account is dropped. Any other failure is tried
      // again at the next connection.
      await (kind === "remove"
        ? membership.removePerson(chatId, username)
        : membership.addPeople(chatId, [username], () => {})).catch((error) => {
          if (!(error instanceof EngineError) || !forbidden.has(error.problem.code)) {
            left[kind].push(username);
          }
        });
    }
  }
  await conversations.update(async (unit) => {
    const conversation = await unit.conversation(chatId);
    // Out of step again: what the user has asked for stays noted.
    if (!conversation || desyncOf(conversation.record)) return;
    // A further move has undone it again, and repeats all of it.
    if (conversation.record.movedMs !== record.movedMs) return;
    const { others, ...now } = conversation.record.redo ?? left;
    const [add, remove] = (["add", "remove"] as const).map((kind) => [
      ...now[kind].filter((username) => !record.redo![kind].includes(username)),
      ...left[kind],
    ]);
    const redo = { add, remove, ...(others?.length && { others }) };
    conversation.set({ redo: others?.length || add.length + remove.length > 0 ? redo : undefined });
  });
}
