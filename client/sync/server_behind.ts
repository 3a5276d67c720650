/**
 * A group that has gone on without the server's knowledge, because the server was restored from an old backup (PROTOCOL §3.5): an admin's device gives the conversation a fresh channel. One that is ahead
 * of the server finds out by itself; the others are told by the members that are.
 */

import { toHex } from "../../schema/bytes.ts";
import type { GroupState } from "../mls/group.ts";
import { devicesOfAdmins, isAdmin, turnOfAdmin } from "./admins.ts";
import type { Committer } from "./committer.ts";
import { type Direct, sendDirect } from "./direct.ts";
import { memberOf } from "./helper.ts";
import type { People } from "./people.ts";
import { type ChatRecord, togetherMs } from "./records.ts";
import { lastRestore } from "./restored.ts";
import { serverState } from "./server_list.ts";
import { makeSuccessor } from "./successor.ts";
import type { SyncContext } from "./sync_context.ts";

/** An admin's device that is ahead, too, has acted before: others are told from this round on. */
const firstRoundOfTelling = 3;
/** How long after a restore a member may say so, in ms: without one there is nothing to it. */
const restoreMatters = 30 * 24 * 3_600_000;
/** Devices of admins that are told at once. */
const toldAtOnce = 4;

export class ServerBehind {
  readonly #context: SyncContext;
  readonly #committer: Committer;
  readonly #people: People;
  /** When a successor was last made because a member said so, by chat, in ms. */
  readonly #made = new Map<string, number>();
  readonly #closed = new AbortController();

  constructor(context: SyncContext, committer: Committer, people: People) {
    this.#context = context;
    this.#committer = committer;
    this.#people = people;
  }

  close(): void {
    this.#closed.abort();
  }

  /**
   * This device is ahead of the server: an admin's makes the successor, another one's tells the admins.
   *
   * @param state undefined where it is gone
   * @param members recipientKeys of the channel by the server; undefined when it knows no such channel
   * @param round from 1
   */
  async act(chatId: string, record: Readonly<ChatRecord>, state: GroupState | undefined, members: Uint8Array<ArrayBuffer>[] | undefined, round: number): Promise<void> {
    if (isAdmin(record, this.#context.ownKey)) {
      await turnOfAdmin(this.#context, state, this.#closed.signal);
      if (!this.#closed.signal.aborted && this.#context.chats.get(chatId)?.record.broken) await makeSuccessor(this.#context, this.#committer, this.#people, chatId, "server-behind");
      return;
    }
    if (round < firstRoundOfTelling) return;
    const there = new Set(members?.map(toHex));
    const admins = (await devicesOfAdmins(this.#context, record)).filter((key) => there.has(toHex(key)));
    const start = admins.length > toldAtOnce ? ((round - 1) * toldAtOnce) % admins.length : 0;
    for (const to of [...admins, ...admins].slice(start, start + Math.min(toldAtOnce, admins.length))) {
      await sendDirect(this.#context, record.channelId, to, { kind: "ahead", n: record.epoch, commitId: new Uint8Array() });
    }
  }

  /** A member says that it is ahead of the server. An admin's device that can follow, and has all that the server has, makes the successor from there; once in {@link togetherMs}, whoever says so. */
  async told(chatId: string, direct: Direct): Promise<void> {
    const { account, chats, ownKey, rpc } = this.#context;
    const found = await memberOf(this.#context, chatId, direct);
    if (!found || found.record.broken || found.record.hidden || !isAdmin(found.record, ownKey)) return;
    const { record: { channelId, epoch, movedMs = 0 }, state } = found;
    const recentMs = account.clock.now() - togetherMs;
    if (direct.content.n <= epoch || movedMs > recentMs || (this.#made.get(chatId) ?? 0) > recentMs) return;
    if (await lastRestore(this.#context) + restoreMatters < account.clock.now() || (await serverState(rpc, channelId))?.epoch !== epoch) return;
    this.#made.set(chatId, account.clock.now());
    await turnOfAdmin(this.#context, state, this.#closed.signal);
    const now = chats.get(chatId)?.record;
    if (this.#closed.signal.aborted || !now?.active || now.broken || toHex(now.channelId) !== toHex(channelId)) return;
    await makeSuccessor(this.#context, this.#committer, this.#people, chatId, "server-behind");
  }
}
