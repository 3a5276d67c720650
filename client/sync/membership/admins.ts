/**
 * Admins' devices: how they are told that a replacement channel is due, and in which order they act.
 *
 * Only an admin's device may create a replacement channel (GRP-5.2). The devices act one after another, so
 * that only one replacement is made.
 */

import { type Bytes, equalBytes, fromHex, toHex } from "../../../schema/bytes.ts";
import type { GroupState } from "../../mls/group.ts";
import { sendDeviceMessage } from "../device_messages/device_messages.ts";
import { pause } from "../../runtime/clock.ts";
import { RecentCounts } from "../../runtime/recent_counts.ts";
import { type ConversationRecord, togetherMs } from "../conversation/records.ts";
import { inRotation } from "../device_messages/peers.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { desyncOf, isIn } from "../conversation/standing.ts";

/** Pause between the turns of admins that may create a replacement channel, in ms. */
const turnMs = 3_000;
/** How many devices of admins are told at once. */
const toldAtOnce = 4;

/** @param accountKey hex @returns whether the account is an admin of the chat in its newest epoch */
export function isAdmin({ members }: Readonly<Pick<ConversationRecord, "members">>, accountKey: string): boolean {
  return members.some((member) => member.accountKey === accountKey && member.role === "admin");
}

/** Each replacement takes a KeyPackage of every device, and the server gives 18 a day (specification §4.8). */
const maxWordsPerDay = 5;
const dayMs = 24 * 3_600_000;

type Reason = "server-behind" | "damaged-keys";
type CreateReplacement = (chatId: string, reason: Reason, below?: Bytes) => Promise<void>;

/** What this device does as an admin's, and what it tells the devices of others. */
export class Admins {
  readonly #context: SyncContext;
  readonly #createReplacement: CreateReplacement;
  /** What this device acted on at a member's word in the last {@link togetherMs}, by what was said and chat. */
  readonly #acted = new Map<string, () => void>();
  /** The same in the last 24 h. */
  readonly #actedToday: RecentCounts;
  readonly #closed = new AbortController();

  /** @param createReplacement creates the replacement channel. It is handed in because reinit/ builds on this room */
  constructor(context: SyncContext, createReplacement: CreateReplacement) {
    this.#context = context;
    this.#createReplacement = createReplacement;
    this.#actedToday = new RecentCounts(() => context.environment.now(), dayMs);
  }

  close(): void {
    this.#closed.abort();
    for (const cancel of this.#acted.values()) cancel();
  }

  /**
   * Creates a replacement for a channel whose epoch the server has lost. It waits for this device's turn, and
   * then looks whether the replacement is still due.
   *
   * @param state undefined where it is gone
   * @param isDue asked after the wait
   * @param below a channelId that the new one is to be smaller than
   * @param reason is shown to the members
   * @throws EngineError
   */
  async lead(
    chatId: string,
    state: GroupState | undefined,
    isDue: (now: Readonly<ConversationRecord>) => boolean,
    below?: Bytes,
    reason: Reason = "server-behind",
  ): Promise<void> {
    await this.#turn(state);
    const now = this.#context.conversations.get(chatId)?.record;
    if (!this.#closed.signal.aborted && now && isIn(now) && isDue(now)) {
      await this.#createReplacement(chatId, reason, below);
    }
  }

  /**
   * The same at a member's word, or for a damaged tree, of a device that can follow its group: once in
   * {@link togetherMs} for each kind, and at a word {@link maxWordsPerDay} times in 24 h, whoever says it.
   *
   * @param below as in {@link lead}
   * @throws EngineError
   */
  async leadAtWord(
    kind: "ahead" | "lead" | "parted" | "damaged",
    chatId: string,
    { record: { channelId }, state }: { record: Readonly<ConversationRecord>; state: GroupState },
    below?: Bytes,
  ): Promise<void> {
    const key = `${kind}/${chatId}`;
    const isOften = (kind === "ahead" || kind === "lead") && this.#actedToday.count(key) >= maxWordsPerDay;
    if (this.#acted.has(key) || isOften || this.#closed.signal.aborted) return;
    this.#actedToday.note(key);
    this.#acted.set(key, this.#context.environment.after(togetherMs, () => this.#acted.delete(key)));
    await this.lead(
      chatId,
      state,
      (now) => !desyncOf(now) && equalBytes(now.channelId, channelId),
      below,
      kind === "damaged" ? "damaged-keys" : "server-behind",
    );
  }

  /**
   * Tells devices of the admins that this device knows, others in each round.
   *
   * @param channelId a channel of which both are members by the server
   * @param members recipientKeys of that channel
   * @param round from 1
   * @returns whether there is such a device
   */
  async tell(
    record: Readonly<ConversationRecord>,
    channelId: Bytes,
    members: Bytes[],
    kind: "ahead" | "lead" | "leaving",
    round: number,
  ): Promise<boolean> {
    const there = new Set(members.map(toHex));
    there.delete(toHex(this.#context.account.recipientKey));
    const admins = (await this.#devicesOfAdmins(record)).filter((key) => there.has(toHex(key)));
    for (const to of inRotation(admins, toldAtOnce, (round - 1) * toldAtOnce)) {
      await sendDeviceMessage(this.#context, channelId, to, { kind, n: record.epoch, commitId: new Uint8Array() });
    }
    return admins.length > 0;
  }

  /**
   * Waits for this device's turn: admins act in the order of recipientKeys. A device without state acts last.
   */
  async #turn(state: GroupState | undefined): Promise<void> {
    const { mls, account, environment } = this.#context;
    const admins = (state ? mls.members(state) : []).filter(({ role }) => role === "admin").map(({ recipientKey }) =>
      toHex(recipientKey)
    ).sort();
    const turn = state ? admins.indexOf(toHex(account.recipientKey)) : 10 * environment.random() + 5;
    await pause(environment, Math.max(0, turn) * turnMs + environment.random() * 1_000, this.#closed.signal);
  }

  async #devicesOfAdmins({ members }: Readonly<ConversationRecord>): Promise<Bytes[]> {
    const { account: { directory } } = this.#context;
    const known = await Promise.all(
      members.filter(({ role }) => role === "admin").map(({ accountKey }) => directory.byKey(fromHex(accountKey))),
    );
    return known.flatMap((account) => account?.devices.devices.map(({ recipientKey }) => recipientKey) ?? []);
  }
}
