/**
 * Brings a group together where this device refuses a replacement channel: asks known admins to lead (GRP-5.2),
 * or replaces the channel in turn (GRP-5.1).
 *
 * GRP-5.2: the maker is no admin as this device knows the group, but may have become one in epochs that this
 * device has not seen. The device stays in its channel. It asks admins whom it knows and who are in the
 * replacement. Each of them has judged the maker by its own history. One of them replaces that channel in its own
 * name, and all can follow (docs/decisions/017).
 */

import { type Bytes, equalBytes, toHex } from "../../../schema/bytes.ts";
import { EntryKind } from "../../../schema/rpc/methods.ts";
import { Timers } from "../../runtime/timers.ts";
import { type Admins, isAdmin } from "../membership/admins.ts";
import type { DeviceMessage } from "../device_messages/device_messages.ts";
import { memberOf } from "../device_messages/peers.ts";
import type { UnreadableRecord } from "../conversation/records.ts";
import { serverState } from "../commits/server_member_list.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { isIn, isMember } from "../conversation/standing.ts";

/** Rounds in which the admins are asked. */
const rounds = 8;
/** The pause after the first round, in ms; it doubles with each round. */
const firstRoundMs = 5_000;
/** How many refused replacements are handled at once. */
const askedAtOnce = 4;

export class RefusedReplacements {
  readonly #context: SyncContext;
  readonly #admins: Admins;
  readonly #timers: Timers;
  #closed = false;

  constructor(context: SyncContext, admins: Admins) {
    this.#context = context;
    this.#timers = new Timers(context.environment);
    this.#admins = admins;
  }

  close(): void {
    this.#closed = true;
    this.#timers.close();
  }

  /**
   * The network is back: asks again about the replacements that were refused in the last days. @throws
   * StorageError
   */
  async connected(): Promise<void> {
    for (const { key, value, context } of await this.#context.store.range<UnreadableRecord>("unreadable", "")) {
      if (value.kind === EntryKind.WELCOME && value.code === "GRP-5.2" && context.channelId) {
        this.refused(key.split("/")[0], new Uint8Array(context.channelId));
      }
    }
  }

  /** @param channelId of a replacement that this device has just refused by GRP-5.2 */
  refused(chatId: string, channelId: Bytes): void {
    this.#ask(chatId, channelId, 1);
  }

  /**
   * An admin's replacement goes on from a history that this device has gone past (GRP-5.1). Its maker could not
   * follow, and can not come back into a channel that it has left. An admin's device here replaces its own
   * channel. This side follows because that goes on from its own epoch. The other side follows because both
   * replace the same channel, and this one's channelId is the smaller (GRP-5.4).
   *
   * @param channelId of the replacement that was refused. @throws EngineError, StorageError
   */
  async parted(chatId: string, channelId: Bytes): Promise<void> {
    const { conversations, ownKey } = this.#context;
    const [record, state] = [conversations.get(chatId)?.record, await conversations.withState(chatId)];
    if (!record || !state || !isMember(record) || !isAdmin(record, ownKey)) return;
    await this.#admins.leadAtWord("parted", chatId, { record, state }, channelId);
  }

  #ask(chatId: string, channelId: Bytes, round: number): void {
    const key = toHex(channelId);
    if (this.#closed || this.#timers.has(key) || round > rounds || this.#timers.size >= askedAtOnce) return;
    this.#timers.start(key, round === 1 ? 0 : firstRoundMs * 2 ** (round - 2), () => {
      void this.#askNow(chatId, channelId, round).catch(() => true).then((goOn) =>
        goOn && this.#ask(chatId, channelId, round + 1)
      );
    });
  }

  /** @returns whether to ask again */
  async #askNow(chatId: string, channelId: Bytes, round: number): Promise<boolean> {
    const record = this.#context.conversations.get(chatId)?.record;
    if (
      !record || !isIn(record) || equalBytes(record.channelId, channelId) || record.earlier?.includes(toHex(channelId))
    ) {
      return false;
    }
    const server = await serverState(this.#context.rpc, channelId);
    return server !== undefined && await this.#admins.tell(record, channelId, server.members, "lead", round);
  }

  /**
   * A member of the present channel could not follow its maker, and asks this admin's device for a
   * replacement.
   *
   * @throws EngineError
   */
  async asked(chatId: string, message: DeviceMessage): Promise<void> {
    const { account, mls, ownKey } = this.#context;
    const found = await memberOf(this.#context, chatId, message);
    if (!found || !isMember(found.record) || !isAdmin(found.record, ownKey)) return;
    const { supersedes } = mls.info(found.state);
    // This device has made the present channel itself, so it has already acted.
    if (supersedes && !equalBytes(supersedes.maker ?? new Uint8Array(), account.recipientKey)) {
      await this.#admins.leadAtWord("lead", chatId, found);
    }
  }
}
