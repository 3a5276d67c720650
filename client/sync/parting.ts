/**
 * Where two histories of one channel parted, which a core restored from an old backup brings about: a successor names the commits that made its maker's newest epochs, and whoever went on
 * elsewhere finds the last epoch that both have been in (PROTOCOL §3.5, docs/decisions/017). A commit is made on one state alone, so the same commitId is the same history up to there.
 */

import { concat, fromHex, toHex, u64 } from "../../schema/bytes.ts";
import { textContent } from "../content/message_text.ts";
import { encodeMimiContent } from "../content/mimi_content.ts";
import type { Bytes } from "../mls/group.ts";
import { type ChatRecord, type ItemRecord, type OutboxRecord, rememberedCommits } from "./records.ts";
import type { SyncContext } from "./sync_context.ts";

type Commits = Readonly<ChatRecord["commits"]>;

/** Bytes of one commit in {@link historyOf}: u64 epoch ‖ commitId. */
const commitLength = 8 + 16;
/** Lines of a conversation that are looked through for what is to be said again, at most, and how many at once. */
const linesAtMost = 1_000;
const linesAtOnce = 100;

/** @returns 24 bytes for each of the commits that made the newest epochs, oldest first */
export function historyOf(commits: Commits): Bytes {
  return concat(...commits.map(({ n, commitId }) => concat(u64(BigInt(n)), fromHex(commitId))));
}

/**
 * @param history as {@link historyOf} made it
 * @param commits of this device
 * @returns the last epoch that both have been in; undefined when they know of none
 */
export function sharedEpoch(history: Bytes | undefined, commits: Commits): number | undefined {
  const known = new Set(Array.from({ length: Math.floor((history?.length ?? 0) / commitLength) }, (_, index) => toHex(history!.subarray(index * commitLength, (index + 1) * commitLength))));
  return commits.findLast((commit) => known.has(toHex(historyOf([commit]))))?.n;
}

/** Whether a device came into the channel after an epoch: then it has no history of its own to hold a claim about it against. */
export function cameAfter(commits: Commits, epoch: number): boolean {
  return commits.length < rememberedCommits && commits.every(({ n }) => n > epoch);
}

/**
 * @param since epoch of the channel that the conversation is leaving
 * @returns what this device sent there in that epoch and after it: to be sent again, with the same messageIds, where those who were elsewhere read it and the others skip it
 */
export async function saidSince({ store, account }: Pick<SyncContext, "store" | "account">, chatId: string, since: number): Promise<OutboxRecord[]> {
  const said: OutboxRecord[] = [];
  const sentMs = account.clock.now();
  let before: string | undefined;
  for (let lines = 0; lines < linesAtMost; lines += linesAtOnce) {
    const page = await store.range<ItemRecord>("messages", `${chatId}/`, { reverse: true, limit: linesAtOnce, ...(before !== undefined && { before }) });
    for (const { value: item } of page) {
      // What is above the last move was said in another channel.
      if (item.kind === "notice" && item.notice === "successor") return said;
      if (item.kind !== "message" || item.sentIn === undefined || item.deleted) continue;
      if (item.sentIn.epoch < since) return said;
      const { messageId, order, text, sentIn: { salt } } = item;
      said.unshift({ chatId, messageId, order, kind: "message", content: encodeMimiContent(textContent(text, salt)), sentMs, again: true });
    }
    if (page.length < linesAtOnce) return said;
    before = page.at(-1)!.key;
  }
  return said;
}
