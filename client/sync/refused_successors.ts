/**
 * A successor whose maker is no admin as this device knows the group (GRP-5.2): the maker may have become one in epochs that this device has not seen. It stays where it is, and asks the admins that it knows and that are in
 * the successor to lead: each of them has judged the maker by its own history, and one makes a successor of that channel in its own name, which all can follow (docs/decisions/017).
 */

import { toHex } from "../../schema/bytes.ts";
import { EntryKind } from "../../schema/rpc/methods.ts";
import { devicesOfAdmins, isAdmin, turnOfAdmin } from "./admins.ts";
import type { Committer } from "./committer.ts";
import { type Direct, sendDirect } from "./direct.ts";
import { memberOf } from "./helper.ts";
import type { People } from "./people.ts";
import { togetherMs, type UnreadableRecord } from "./records.ts";
import { serverState } from "./server_list.ts";
import { makeSuccessor } from "./successor.ts";
import type { SyncContext } from "./sync_context.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** How often the admins are asked, and between, in ms; doubling. */
const rounds = 8;
const firstRoundMs = 5_000;
/** Successors that are asked about at once. */
const askedAtOnce = 4;

export class RefusedSuccessors {
  readonly #context: SyncContext;
  readonly #committer: Committer;
  readonly #people: People;
  readonly #timers = new Map<string, () => void>();
  /** When this device last led others into a channel of its own, by chat, in ms. */
  readonly #led = new Map<string, number>();
  readonly #closed = new AbortController();

  constructor(context: SyncContext, committer: Committer, people: People) {
    this.#context = context;
    this.#committer = committer;
    this.#people = people;
  }

  close(): void {
    this.#closed.abort();
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  /** The network is there: those that were refused in the last days are asked about again. @throws StorageError */
  async connected(): Promise<void> {
    for (const { key, value, context } of await this.#context.store.range<UnreadableRecord>("unreadable", "")) {
      if (value.kind === EntryKind.WELCOME && value.code === "GRP-5.2" && context.channelId) this.refused(key.split("/")[0], new Uint8Array(context.channelId));
    }
  }

  /** @param channelId of a successor that this device has just refused by GRP-5.2 */
  refused(chatId: string, channelId: Bytes): void {
    this.#ask(chatId, channelId, 1);
  }

  #ask(chatId: string, channelId: Bytes, round: number): void {
    const key = toHex(channelId);
    if (this.#closed.signal.aborted || this.#timers.has(key) || round > rounds || this.#timers.size >= askedAtOnce) return;
    this.#timers.set(key, this.#context.environment.after(round === 1 ? 0 : firstRoundMs * 2 ** (round - 2), () => {
      this.#timers.delete(key);
      void this.#askNow(chatId, channelId).then((goOn) => goOn && this.#ask(chatId, channelId, round + 1), () => this.#ask(chatId, channelId, round + 1));
    }));
  }

  /** @returns whether it is worthwhile to ask again */
  async #askNow(chatId: string, channelId: Bytes): Promise<boolean> {
    const { account, chats, rpc } = this.#context;
    const record = chats.get(chatId)?.record;
    const superseded = toHex(channelId);
    if (!record?.active || toHex(record.channelId) === superseded || record.earlier?.includes(superseded)) return false;
    const server = await serverState(rpc, channelId);
    if (!server) return false;
    const there = new Set(server.members.map(toHex));
    const admins = (await devicesOfAdmins(this.#context, record)).filter((key) => there.has(toHex(key)) && toHex(key) !== toHex(account.recipientKey));
    for (const to of admins.slice(0, askedAtOnce)) await sendDirect(this.#context, channelId, to, { kind: "lead", n: record.epoch, commitId: new Uint8Array() });
    return admins.length > 0;
  }

  /** A member of the present channel could not follow whoever made it, and asks this device, an admin's, to lead. It does so once in {@link togetherMs}, whoever asks. */
  async asked(chatId: string, direct: Direct): Promise<void> {
    const { account, chats, mls, ownKey } = this.#context;
    const found = await memberOf(this.#context, chatId, direct);
    if (!found || found.record.broken || found.record.hidden || !isAdmin(found.record, ownKey)) return;
    const { record: { channelId }, state } = found;
    const nowMs = account.clock.now();
    const { supersedes } = mls.info(state);
    // Into a channel of its own it has led already.
    if (!supersedes || toHex(supersedes.maker ?? new Uint8Array()) === toHex(account.recipientKey) || (this.#led.get(chatId) ?? 0) > nowMs - togetherMs) return;
    this.#led.set(chatId, nowMs);
    await turnOfAdmin(this.#context, state, this.#closed.signal);
    const now = chats.get(chatId)?.record;
    if (this.#closed.signal.aborted || !now?.active || now.broken || toHex(now.channelId) !== toHex(channelId)) return;
    await makeSuccessor(this.#context, this.#committer, this.#people, chatId, "server-behind");
  }
}
