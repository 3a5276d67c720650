/**
 * Leaves that the group does not know of (docs/decisions/034): a restored server has lost the commit, or a device that
 * could not follow has left on its own.
 *
 * The device has given its keys away, so it can not propose its removal again. It asks by a device message, which its
 * device key signs. An admin may remove any member (GRP-3.3), so an admin's device does it.
 */

import { equalBytes, toHex } from "../../../schema/bytes.ts";
import { Timers } from "../../runtime/timers.ts";
import type { Committer } from "../commits/committer.ts";
import { serverState } from "../commits/server_member_list.ts";
import type { ConversationRecord } from "../conversation/records.ts";
import { isIn, isMember } from "../conversation/standing.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { DeviceMessage } from "../device_messages/device_messages.ts";
import { memberOf } from "../device_messages/peers.ts";
import { type Admins, isAdmin } from "../membership/admins.ts";
import { removalOf } from "../membership/removal_plan.ts";
import { adminTurnOf } from "../membership/turns.ts";

/** Rounds in which the admins are asked. */
const rounds = 8;
/** The pause after the first round, in ms; it doubles with each round. */
const firstRoundMs = 5_000;
/** How many chats are asked about at once. */
const chatsAtOnce = 16;
/** Between the turns of admins' devices, in ms. */
const turnMs = 3_000;
/** How many removals are due at once. */
const removalsAtOnce = 64;

export class UnseenLeaves {
  readonly #context: SyncContext;
  readonly #committer: Committer;
  readonly #admins: Admins;
  /** By chat: this device's own leaves. */
  readonly #asking: Timers;
  /** By chat and device: leaves of others. */
  readonly #removing: Timers;
  #closed = false;

  constructor(context: SyncContext, committer: Committer, admins: Admins) {
    this.#context = context;
    this.#committer = committer;
    this.#admins = admins;
    this.#asking = new Timers(context.environment);
    this.#removing = new Timers(context.environment);
  }

  close(): void {
    this.#closed = true;
    this.#asking.close();
    this.#removing.close();
  }

  /** This device has left the chat, and the group may not know it. */
  unseen(chatId: string): void {
    this.#ask(chatId, 1);
  }

  #ask(chatId: string, round: number): void {
    if (this.#closed || this.#asking.has(chatId) || round > rounds || this.#asking.size >= chatsAtOnce) return;
    this.#asking.start(chatId, round === 1 ? 0 : firstRoundMs * 2 ** (round - 2), () => {
      void this.#askNow(chatId, round).catch(() => true).then((goOn) => goOn && this.#ask(chatId, round + 1));
    });
  }

  /** @returns whether to ask again */
  async #askNow(chatId: string, round: number): Promise<boolean> {
    const { account, conversations, rpc } = this.#context;
    const record = conversations.get(chatId)?.record;
    if (!record || isIn(record) || record.leftMs === undefined) return false;
    const server = await serverState(rpc, record.channelId);
    if (!server?.members.some((key) => equalBytes(key, account.recipientKey))) return false;
    return await this.#admins.tell(record, record.channelId, server.members, "leaving", round);
  }

  /** A member says that it has left. @throws EngineError */
  async asked(chatId: string, message: DeviceMessage): Promise<void> {
    const { account, mls, ownKey } = this.#context;
    const found = await memberOf(this.#context, chatId, message);
    if (!found || !isMember(found.record) || !isAdmin(found.record, ownKey)) return;
    if (!wasThere(found.record, message)) return;
    const { recipientKey } = found.member;
    const staying = mls.members(found.state).filter((member) => !equalBytes(member.recipientKey, recipientKey));
    const turn = adminTurnOf(staying, account.recipientKey, found.record.channelId);
    const name = `${chatId}/${toHex(recipientKey)}`;
    if (turn === undefined || this.#removing.has(name) || this.#removing.size >= removalsAtOnce) return;
    this.#removing.start(name, turn * turnMs, () => {
      void this.#committer.commit(
        chatId,
        (conversation) =>
          wasThere(conversation.record, message)
            ? removalOf(conversation, (member) => equalBytes(member.recipientKey, recipientKey))
            : undefined,
      ).catch(() => {});
    });
  }
}

/** Whether the sender has been a member since the epoch that it names: an old message removes nobody who came back. */
export function wasThere(
  { channelId, devices = [] }: Pick<ConversationRecord, "channelId" | "devices">,
  { from, content: { n } }: DeviceMessage,
): boolean {
  const since = devices.find((known) => known.devices.includes(toHex(from)));
  return since !== undefined && (since.channel !== toHex(channelId) || since.n <= n);
}
