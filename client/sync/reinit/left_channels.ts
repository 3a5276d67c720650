/**
 * Tells devices that are still in a channel which the group has left where it has gone (docs/decisions/034).
 *
 * The server lists the devices of a channel that has no more commits, and passes device messages on between them. So an
 * admin's device that has moved looks who is listed there and is not in the group: after each move, and when somebody
 * still sends or commits there.
 */

import { type Bytes, fromHex, toHex } from "../../../schema/bytes.ts";
import type { Member } from "../../mls/group.ts";
import { Timers } from "../../runtime/timers.ts";
import { serverState } from "../commits/server_member_list.ts";
import { type ConversationRecord, togetherMs } from "../conversation/records.ts";
import { isMember } from "../conversation/standing.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { none, sendDeviceMessage } from "../device_messages/device_messages.ts";
import { isAdmin } from "../membership/admins.ts";
import { adminTurnOf } from "../membership/turns.ts";

/** The pause after a move, in ms: additions that it has undone are repeated in that time (others_additions.ts). */
const afterMoveMs = 60_000;
/** The pause after somebody was heard in a left channel, in ms. */
const afterUseMs = 10_000;
/** Between the turns of admins' devices, in ms, and how many of them tell. */
const turnMs = 3_000;
const tellers = 8;
/** How many devices of a channel are told at most, and how often one is told, in ms. */
const maxToldDevices = 32;
const tellAgainMs = 24 * 3_600_000;
/** How many looks are due at once. */
const looksAtOnce = 16;

export class LeftChannels {
  readonly #context: SyncContext;
  readonly #timers: Timers;
  /** When a device was told of a left channel, or a channel was looked at, in ms. */
  readonly #told = new Map<string, number>();

  constructor(context: SyncContext) {
    this.#context = context;
    this.#timers = new Timers(context.environment);
  }

  close(): void {
    this.#timers.close();
  }

  /** The conversation has moved: whoever is left in the channel before is told. */
  moved(chatId: string): void {
    const left = this.#context.conversations.get(chatId)?.record.leftIn?.at(-1);
    if (left) this.#look(chatId, left.channelId, afterMoveMs);
  }

  /** Somebody has sent or committed in a channel (hex) that the conversation has left. */
  used(chatId: string, left: string): void {
    this.#look(chatId, left, afterUseMs);
  }

  #look(chatId: string, left: string, delayMs: number): void {
    if (this.#timers.has(left) || this.#timers.size >= looksAtOnce) return;
    this.#timers.start(left, delayMs, () => {
      void this.#afterTurn(chatId, left).catch(() => {});
    });
  }

  async #afterTurn(chatId: string, left: string): Promise<void> {
    const present = await this.#present(chatId, left);
    const { account } = this.#context;
    const turn = present && adminTurnOf(present.members, account.recipientKey, fromHex(left));
    if (turn === undefined || turn >= tellers) return;
    this.#timers.start(left, turn * turnMs, () => {
      void this.#tell(chatId, left).catch(() => {});
    });
  }

  /** @returns what is present, if this is an admin's device and the conversation has left the channel */
  async #present(chatId: string, left: string) {
    const { conversations, mls, ownKey } = this.#context;
    const [record, state] = [conversations.get(chatId)?.record, await conversations.withState(chatId)];
    if (!record || !state?.active || !isMember(record) || record.gone) return undefined;
    if (!isAdmin(record, ownKey) || !record.earlier?.includes(left)) return undefined;
    return { record, members: mls.members(state) };
  }

  async #tell(chatId: string, left: string): Promise<void> {
    const { account, rpc } = this.#context;
    const found = await this.#present(chatId, left);
    const server = found && await serverState(rpc, fromHex(left));
    if (!found || !server) return;
    const nowMs = account.clock.now();
    // Somebody is there long after the move: it may be a member that does not know that it is one.
    const isLate = Math.abs(nowMs - (found.record.movedMs ?? 0)) > togetherMs;
    const here = isLate ? new Set([toHex(account.recipientKey)]) : await this.#devicesHere(found);
    const toldMs = (key: Uint8Array) => this.#told.get(`${left}/${toHex(key)}`) ?? -Infinity;
    const behind = server.members.filter((key) =>
      !here.has(toHex(key)) && !(Math.abs(nowMs - toldMs(key)) < tellAgainMs)
    ).sort((one, other) => toldMs(one) - toldMs(other) || 0);
    const n = found.record.leftIn?.find(({ channelId }) => channelId === left)?.epoch ?? server.epoch;
    const content = { kind: "gone" as const, n, commitId: none, channelId: new Uint8Array(found.record.channelId) };
    for (const to of behind.slice(0, maxToldDevices)) {
      this.#told.set(`${left}/${toHex(to)}`, nowMs);
      await sendDeviceMessage(this.#context, fromHex(left), to as Bytes, content);
    }
  }

  /** @returns the members' devices as hex. Those that are not in the group are added as any new device is */
  async #devicesHere({ record, members }: { record: Readonly<ConversationRecord>; members: Member[] }) {
    const { directory } = this.#context.account;
    const known = await Promise.all(record.members.map(({ accountKey }) => directory.byKey(fromHex(accountKey))));
    const listed = known.flatMap((account) => account?.devices.devices ?? []);
    return new Set([...members, ...listed].map(({ recipientKey }) => toHex(recipientKey)));
  }
}
