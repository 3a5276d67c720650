/**
 * Tells the people of the conversations what the account shows of itself (specification §7.11): when that has changed,
 * and when a device has come that was not told. What was told last is in the conversation's record, so a device that
 * was offline tells it once, and nothing waits in the outbox meanwhile.
 */

import { toHex } from "../../../schema/bytes.ts";
import type { SharedProfile } from "../../account/settings/settings_content.ts";
import { encodeMimiContent } from "../../content/mimi_content.ts";
import { isAhead, type Profile, writeProfile } from "../../content/profile.ts";
import { Timers } from "../../runtime/timers.ts";
import { hasLaterDevice } from "../conversation/device_history.ts";
import type { ConversationRecord } from "../conversation/records.ts";
import { desyncOf, isMember } from "../conversation/standing.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { Outbox } from "./outbox.ts";
import { turnOf } from "./own_turn.ts";

/** A conversation gets at most one profile of this device in this time, in ms. */
const profileEveryMs = 10_000;
/** Before the first one it waits this long, and by chance up to that longer, so that not all tell at once. */
const profileDelayMs = 1_000;
const spreadForMemberMs = 300;
const spreadForChatMs = 100;
/** In conversations of more accounts it is told with the account's next message there. */
const promptAccounts = 32;

/** Sends the own profile, while there is a connection. */
export class ProfileSender {
  readonly #context: SyncContext;
  readonly #outbox: Pick<Outbox, "enqueue" | "hasWaiting" | "maySend">;
  readonly #report: (error: unknown) => void;
  readonly #timers: Timers;
  /** When a conversation got one last, in ms. */
  readonly #sentMs = new Map<string, number>();
  /** Profiles whose time has come and that are not in the outbox yet. */
  #working = 0;
  #connected = false;

  constructor(
    context: SyncContext,
    outbox: Pick<Outbox, "enqueue" | "hasWaiting" | "maySend">,
    report: (error: unknown) => void,
  ) {
    this.#context = context;
    this.#outbox = outbox;
    this.#report = report;
    this.#timers = new Timers(context.environment);
  }

  /** Whether something is to be told in a moment. */
  get busy(): boolean {
    return this.#connected && (this.#timers.size > 0 || this.#working > 0);
  }

  /** Messages may be sent from now on. */
  connected(): void {
    this.#connected = true;
    this.lookAtAll();
  }

  /** Nothing is sent until {@link connected}. */
  disconnected(): void {
    this.#connected = false;
  }

  close(): void {
    this.#timers.close();
  }

  /** The profile may have changed. */
  lookAtAll(): void {
    for (const { id } of this.#context.conversations.all()) this.look(id);
  }

  /**
   * Something may be told in a conversation now.
   *
   * @param hasSpoken whether the account has just sent a message there: then large groups are told, too
   */
  look(chatId: string, hasSpoken = false): void {
    const { conversations, environment } = this.#context;
    const record = conversations.get(chatId)?.record;
    if (!this.#connected || !record || this.#timers.has(chatId) || !this.#isDue(record)) return;
    if (record.members.length > promptAccounts && !hasSpoken) return;
    const spreadMs = spreadForMemberMs * record.members.length + spreadForChatMs * conversations.all().length;
    const delayMs = profileDelayMs + environment.random() * Math.min(spreadMs, profileEveryMs);
    const restMs = (this.#sentMs.get(chatId) ?? -profileEveryMs) + profileEveryMs - environment.now();
    this.#timers.start(chatId, Math.max(delayMs, restMs), () => this.#run(chatId, false));
  }

  #run(chatId: string, isTurn: boolean): void {
    this.#working++;
    void this.#send(chatId, isTurn).catch(this.#report).finally(() => this.#working--);
  }

  /** @param isTurn the account's devices before this one have had their time */
  async #send(chatId: string, isTurn: boolean): Promise<void> {
    const { conversations, environment } = this.#context;
    const record = conversations.get(chatId)?.record;
    // What waits goes first; the end of that brings this here again.
    if (!this.#connected || !record || !this.#isDue(record) || this.#outbox.hasWaiting(chatId)) return;
    if (!await this.#outbox.maySend(chatId)) return;
    if (!isTurn) {
      const turn = await turnOf(this.#context, chatId);
      const turnMs = turn * (profileDelayMs + spreadForMemberMs * record.members.length);
      if (turn > 0) return this.#timers.start(chatId, turnMs, () => this.#run(chatId, true));
    }
    this.#sentMs.set(chatId, environment.now());
    await conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      const profile = this.#profile;
      if (!conversation || !profile || !this.#isDue(conversation.record) || this.#outbox.hasWaiting(chatId)) return;
      await this.#outbox.enqueue(unit, conversation, {
        messageId: toHex(crypto.getRandomValues(new Uint8Array(16))),
        order: conversation.changes.reserveWaitingPlace(),
        kind: "message",
        isChange: true,
        profile: profile.v,
        content: encodeMimiContent(writeProfile(profile, crypto.getRandomValues(new Uint8Array(16)))),
      });
    });
  }

  get #profile(): Profile | undefined {
    return ownProfile(this.#context);
  }

  #isDue(record: Readonly<ConversationRecord>): boolean {
    const profile = this.#profile;
    const { profileTold: told } = record;
    if (!profile) return false;
    const counts = told !== undefined && !isAhead(told.v, this.#context.account.clock.now());
    if (counts && told.v >= profile.v && !hasLaterDevice(record, told)) return false;
    const { kind, members, peer } = record;
    if (members.length < 2 || !record.features?.includes("profiles")) return false;
    if (kind === "direct" && peer && this.#context.account.settings.isBlocked(peer.accountKey)) return false;
    return isMember(record) && desyncOf(record) === undefined && !record.invitation && !record.leaving;
  }
}

/** @returns the own profile; none whose number is too high: others would not take it */
export function ownProfile({ account }: Pick<SyncContext, "account">): SharedProfile | undefined {
  const { profile } = account.settings.content;
  return profile && !isAhead(profile.v, account.clock.now()) ? profile : undefined;
}
