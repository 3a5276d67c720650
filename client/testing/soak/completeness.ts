/**
 * What a soak with faults must not have lost: whatever the core took at any time, of a sender that could
 * follow the group since, is read by everybody who was a member of its epoch and could follow since, or waits
 * for somebody to be out of the group who was not to read it. A device that lost its place in the group has
 * lost what was said until it was re-added.
 */

import { toHex } from "../../../schema/bytes.ts";
import type { MessageItem } from "../../api/engine_api.ts";
import type { ServerLog } from "../server_log.ts";
import type { Walker } from "./walker.ts";
import { isIn } from "../../sync/conversation/standing.ts";

/** A device that is a member in the end. */
interface Reader {
  walker: Walker;
  shown: Map<string, MessageItem>;
  /** Its first epoch in the group's last channel. */
  since: number;
  /** Its messages that wait to be said again, by messageId. */
  waiting: ReadonlySet<string>;
  /** When it was last re-added, or came in; 0 when it always could follow. */
  wholeSinceMs: number;
}

/**
 * - What the last channel has since the core was last restored is read by every member who was in that epoch.
 * - What went into a channel that was left, or was lost by the core, is there, too, or was read by everybody
 *   who was a member of that epoch.
 *
 * @param chatId hex
 * @returns what is missing, as sentences
 */
export async function missing(log: ServerLog, walkers: Walker[], chatId: string): Promise<string[]> {
  const last = toHex((await walkers[0].record(chatId))!.channelId);
  const readers = (await Promise.all(walkers.map((walker) => readerOf(walker, chatId, last)))).filter((reader) =>
    reader !== undefined
  );
  const byKey = new Map(readers.map((reader) => [reader.walker.recipientKey, reader]));
  const said = new Map(
    walkers.flatMap((walker) =>
      [...walker.said].map(([messageId, { text }]) => [`${walker.recipientKey}/${messageId}`, text] as const)
    ),
  );
  const there = new Set(
    log.channel(last).messages.filter(({ restores }) => restores === log.restores).map(({ messageId }) => messageId),
  );
  const found: string[] = [];
  for (const [channelId, { messages }] of log.channels()) {
    for (const { sender, messageId, epoch, readers: wanted, atMs, restores } of messages) {
      const text = said.get(`${sender}/${messageId}`);
      if (text === undefined) continue;
      // By the core a member, it came into the last channel later, because its Welcome was lost.
      const lacking = readers.filter(({ walker, shown, wholeSinceMs, since }) =>
        walker.recipientKey !== sender && wanted.has(walker.recipientKey) && atMs > wholeSinceMs &&
        !shown.has(messageId) && !(channelId === last && since > epoch)
      );
      const origin = byKey.get(sender);
      if (channelId === last && restores === log.restores) {
        for (const { walker } of lacking) found.push(`${walker.name} lacks, of epoch ${epoch}: ${text}`);
      } else if (
        lacking.length > 0 && origin !== undefined && atMs > origin.wholeSinceMs && !there.has(messageId) &&
        !origin.waiting.has(messageId)
      ) {
        found.push(
          `${
            lacking.map(({ walker }) => walker.name).join(", ")
          } lack what was not sent again, of epoch ${epoch} of channel ${channelId.slice(0, 6)}${
            restores < log.restores ? ", lost by the core" : ""
          }: ${text}`,
        );
      }
    }
  }
  return found;
}

async function readerOf(walker: Walker, chatId: string, last: string): Promise<Reader | undefined> {
  const record = await walker.record(chatId);
  if (!record || !isIn(record) || toHex(record.channelId) !== last) return undefined;
  const items = await walker.person.items(chatId);
  let wholeSinceMs = 0;
  let outOfStep = false;
  for (const item of items) {
    if (item.kind !== "notice") continue;
    const { notice, values, atMs } = item;
    if (/^(unreadable|rejected|rolled-back)$/.test(notice)) outOfStep = true;
    const back = notice === "healed" || notice === "gap" ||
      ((notice === "rejoined" || notice === "added") && values.who === walker.name) ||
      (notice === "successor" && outOfStep);
    if (back) [wholeSinceMs, outOfStep] = [Math.max(wholeSinceMs, atMs), false];
  }
  return {
    walker,
    shown: new Map(items.filter((item) => item.kind === "message").map((message) => [message.messageId, message])),
    since: record.commits[0].n,
    waiting: await walker.waiting(),
    wholeSinceMs,
  };
}
