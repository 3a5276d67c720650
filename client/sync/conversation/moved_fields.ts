/** What a move into a replacement channel changes in a conversation's record (specification §3.5). */

import { type Bytes, toHex } from "../../../schema/bytes.ts";
import type { ConversationRecord } from "./records.ts";

/** How many left channels a conversation remembers. Entries from them are dropped. */
const rememberedChannels = 16;

/** Of how many of them it remembers the epoch in which they were left. */
const rememberedEpochs = 4;

/**
 * @param record before the move
 * @param channelId 32 bytes: the replacement
 * @param superseded hex: the replaced channel; this device may never have been in it
 * @param at when it moves, by this device's clock, and when the server took the replacement, in ms
 * @returns the fields that change; those of the new epoch are not among them
 */
export function movedFields(
  record: Readonly<ConversationRecord>,
  channelId: Bytes,
  superseded: string,
  { hereMs, serverMs }: { hereMs: number; serverMs: number },
): Partial<ConversationRecord> {
  const left = toHex(record.channelId);
  const earlier = new Set([...record.earlier ?? [], left, superseded]);
  return {
    channelId,
    earlier: [...earlier].slice(-rememberedChannels),
    superseded,
    movedMs: hereMs,
    replaced: { channelId: toHex(channelId), atMs: serverMs },
    commits: [],
    serverDiffers: undefined,
    readded: undefined,
    gone: undefined,
    leftMs: undefined,
    leftIn: [...record.leftIn ?? [], { channelId: left, epoch: record.epoch }].slice(-rememberedEpochs),
    standing: { kind: "member" },
  };
}
