/**
 * What a soak with faults must not have lost. A device that lost its place in the group has lost what was said until it was put back, and a core that is restored what it had taken since the
 * backup; so this asks for what the core took since it was last restored, and of each device for what it took since that device was last put back.
 */

import { toHex } from "../../../../schema/bytes.ts";
import type { TimelineItem } from "../../../engine/api.ts";
import type { ServerLog } from "../server_log.ts";
import type { Walker } from "./walker.ts";

type Message = Extract<TimelineItem, { kind: "message" }>;

/** A device that is a member in the end. */
interface Reader {
  walker: Walker;
  shown: Map<string, Message>;
  /** Its first epoch in the group's last channel. */
  since: number;
  /** When it was last put back, or came in; 0 when it always could follow. */
  wholeSinceMs: number;
}

/**
 * - What the last channel has is read by every member who was in that epoch.
 * - What went into a channel that was left, by somebody who could follow all the time, is in the last channel, too, or was read by everybody who was a member of that epoch.
 *
 * @param chatId hex
 * @returns what is missing, as sentences
 */
export async function missing(log: ServerLog, walkers: Walker[], chatId: string): Promise<string[]> {
  const last = toHex((await walkers[0].record(chatId))!.channelId);
  const readers = (await Promise.all(walkers.map((walker) => readerOf(walker, chatId, last)))).filter((reader) => reader !== undefined);
  const byKey = new Map(readers.map((reader) => [reader.walker.recipientKey, reader]));
  const said = new Map(walkers.flatMap((walker) => [...walker.said].map(([messageId, { text }]) => [`${walker.recipientKey}/${messageId}`, text] as const)));
  const found: string[] = [];
  for (const [channelId, { members, messages }] of log.channels()) {
    for (const { sender, messageId, epoch, atMs, restores } of messages) {
      const text = said.get(`${sender}/${messageId}`);
      if (text === undefined || restores < log.restores) continue;
      const lacking = readers.filter(({ walker, shown, wholeSinceMs }) => walker.recipientKey !== sender && members[epoch]?.has(walker.recipientKey) && atMs > wholeSinceMs && !shown.has(messageId));
      if (channelId === last) {
        for (const { walker, since } of lacking) if (since <= epoch) found.push(`${walker.name} lacks, of epoch ${epoch}: ${text}`);
      } else if (lacking.length > 0 && atMs > (byKey.get(sender)?.wholeSinceMs ?? Infinity) && !log.channel(last).messages.some((again) => again.messageId === messageId)) {
        found.push(`${lacking.map(({ walker }) => walker.name).join(", ")} lack what was not sent again, of epoch ${epoch} of channel ${channelId.slice(0, 6)}: ${text}`);
      }
    }
  }
  return found;
}

async function readerOf(walker: Walker, chatId: string, last: string): Promise<Reader | undefined> {
  const record = await walker.record(chatId);
  if (!record?.active || toHex(record.channelId) !== last) return undefined;
  const items = await walker.person.items(chatId);
  let wholeSinceMs = 0;
  let broken = false;
  for (const item of items) {
    if (item.kind !== "notice") continue;
    const { notice, values, atMs } = item;
    if (/^(unreadable|rejected|rolled-back)$/.test(notice)) broken = true;
    const back = notice === "healed" || notice === "gap" || ((notice === "rejoined" || notice === "added") && values.who === walker.name) || (notice === "successor" && broken);
    if (back) [wholeSinceMs, broken] = [Math.max(wholeSinceMs, atMs), false];
  }
  return { walker, shown: new Map(items.filter((item) => item.kind === "message").map((message) => [message.messageId, message])), since: record.commits[0].n, wholeSinceMs };
}
