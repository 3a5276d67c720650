/**
 * The server's word that the device list of an account has changed, or its vault (specification §4.11). It is only a
 * reason to look: what counts is the signed list. So a false one costs a look at one account, and these are counted.
 */

import { equalBytes, fromHex, toHex } from "../../../schema/bytes.ts";
import type { Entry } from "../../../schema/rpc/methods.ts";
import { RecentCounts } from "../../runtime/recent_counts.ts";
import { SingleFlight } from "../../runtime/single_flight.ts";
import type { ConversationRecord } from "../conversation/records.ts";
import { isMember } from "../conversation/standing.ts";
import type { SyncContext } from "../conversation/sync_context.ts";

/** Looks at one account in a minute, and at all accounts, after notices. What comes above that waits for the hour. */
export const maxLooksPerAccount = 12;
export const maxLooksPerMinute = 60;
const minuteMs = 60_000;
/** Devices that an account can have: no turn is later. */
const latestTurn = 20;

/** What a notice leads to. */
export interface NoticeActions {
  /** This device's turn in a chat, before the account is looked at. */
  giveTurn(chatId: string, accountKey: string, turn: number): void;
  /** The account has been looked at: its chats are reconciled. */
  looked(chatIds: string[]): Promise<void>;
  /** Something of the own account has changed: its vault is read. */
  ownChanged(): void;
}

/** Looks at the accounts that notices name. Never rejects: every connection and every hour does the same again. */
export class DeviceNotices {
  readonly #context: Pick<SyncContext, "account" | "conversations" | "environment" | "ownKey">;
  readonly #actions: NoticeActions;
  readonly #looking = new SingleFlight();
  /** By account: the chats that notices have named since the last look. */
  readonly #named = new Map<string, Set<string>>();
  /** Looks of the last minute, by account. */
  readonly #looks: RecentCounts;

  constructor(
    context: Pick<SyncContext, "account" | "conversations" | "environment" | "ownKey">,
    actions: NoticeActions,
  ) {
    this.#context = context;
    this.#actions = actions;
    this.#looks = new RecentCounts(() => context.environment.now(), minuteMs);
  }

  /** Takes an entry of kind `devices`. Foreign input: an entry that fits no chat of this device is dropped. */
  async receive({ channelId, body, turn }: Pick<Entry, "channelId" | "body" | "turn">): Promise<void> {
    if (body.length !== 32 || turn > latestTurn) return;
    const accountKey = toHex(body);
    const isOwn = channelId.length === 0 && accountKey === this.#context.ownKey;
    const chatIds = this.#chatsOf(accountKey, isOwn ? undefined : channelId);
    if (!isOwn && chatIds.length === 0) return;
    for (const chatId of chatIds) this.#actions.giveTurn(chatId, accountKey, turn);
    const named = this.#named.get(accountKey);
    this.#named.set(accountKey, new Set([...named ?? [], ...chatIds]));
    // Those that come in one element, one for each channel, are one look.
    await this.#looking.run(accountKey, () => this.#look(accountKey)).catch(() => {});
  }

  /** @param channelId undefined: all chats of the account */
  #chatsOf(accountKey: string, channelId: Uint8Array | undefined): string[] {
    const isNamed = (record: Readonly<ConversationRecord>) =>
      isMember(record) && !record.leaving && (channelId === undefined || equalBytes(record.channelId, channelId)) &&
      record.members.some((member) => member.accountKey === accountKey);
    return this.#context.conversations.all().filter(({ record }) => isNamed(record)).map(({ id }) => id);
  }

  async #look(accountKey: string): Promise<void> {
    await undefined;
    const named = this.#named.get(accountKey);
    if (!named || !this.#mayLook(accountKey)) return;
    this.#named.delete(accountKey);
    await this.#context.account.directory.refresh([fromHex(accountKey)]);
    if (accountKey === this.#context.ownKey) this.#actions.ownChanged();
    await this.#actions.looked([...named]);
  }

  #mayLook(accountKey: string): boolean {
    if (this.#looks.count("", accountKey) >= maxLooksPerAccount) return false;
    if (this.#looks.count("") >= maxLooksPerMinute) return false;
    this.#looks.note("", accountKey);
    return true;
  }
}
