/**
 * Renews this device's leaf in each of its groups by an empty commit (specification §3.6, GRP-6.3 and GRP-6.4).
 *
 * Post-compromise security comes from the age of the own leaf, so readers renew, too, whatever others commit.
 * When it is due: commits/renewal.ts.
 */

import { Timers } from "../../runtime/timers.ts";
import type { Committer } from "../commits/committer.ts";
import { isOwnList } from "../../mls/group.ts";
import {
  isRenewalDue,
  renewalAgeMs,
  renewalAtMs,
  renewalPart,
  renewalSpacingMs,
  updateSpreadMs,
} from "../commits/renewal.ts";
import type { ConversationRecord } from "../conversation/records.ts";
import { isMember } from "../conversation/standing.ts";
import type { SyncContext } from "../conversation/sync_context.ts";

/** A renewal that is further off than this, in ms, waits for the hourly look. */
const aheadMs = 3_600_000;
/**
 * A renewal that is overdue, because the device was away, waits a random time: for each account of the chat
 * this long, in ms, and in all at most this part of the pause between renewals (60 s). Others may come back at
 * the same moment.
 */
const catchUpMs = 500;
const catchUpPart = 0.1;
/** A command that ends when all is done waits for a renewal that is as near as this, in ms. */
const nearMs = 5_000;

/** The times at which this device renews its leaves. */
export class LeafRenewal {
  readonly #context: SyncContext;
  readonly #committer: Committer;
  readonly #timers: Timers;
  /** Chats whose renewal is near or under way. */
  readonly #near = new Set<string>();
  #connected = false;

  constructor(context: SyncContext, committer: Committer) {
    this.#context = context;
    this.#committer = committer;
    this.#timers = new Timers(context.environment);
  }

  /** Whether a renewal is under way, or so near that it is worth waiting for. */
  get busy(): boolean {
    return this.#near.size > 0;
  }

  /** The backlog of a connection is through, or an hour is over: looks at every chat. */
  lookAtAll(): void {
    this.#connected = true;
    for (const { id } of this.#context.conversations.all()) this.look(id);
  }

  /** The connection is over. */
  disconnected(): void {
    this.#connected = false;
    for (const { id } of this.#context.conversations.all()) this.#timers.cancel(id);
    this.#near.clear();
  }

  close(): void {
    this.#timers.close();
    this.#near.clear();
  }

  /** A message was sent, or the epoch changed: sets the time at which this device looks again. */
  look(chatId: string): void {
    this.#timers.cancel(chatId);
    this.#near.delete(chatId);
    const record = this.#context.conversations.get(chatId)?.record;
    if (!this.#connected || !record || !mayRenew(record)) return;
    if (!this.#isAge(record.leafSinceMs)) return this.#noteFirstSight(chatId);
    const delayMs = this.#delay(record, record.leafSinceMs);
    if (delayMs > aheadMs) return;
    if (delayMs <= nearMs) this.#near.add(chatId);
    this.#timers.start(chatId, delayMs, () => void this.#renew(chatId));
  }

  #delay(record: Readonly<ConversationRecord>, leafSinceMs: number): number {
    const { account, environment } = this.#context;
    const { ownSent, epochSinceMs, members, channelId, ownFeatures = [] } = record;
    const isOfOtherVersion = !isOwnList(ownFeatures);
    // An account has a device at least. Their exact number needs the MLS state, which is looked at in #renew.
    const facts = { leafSinceMs, ownSent, epochSinceMs, devices: members.length, isOfOtherVersion };
    const atMs = renewalAtMs({ ...facts, part: renewalPart(account.recipientKey, channelId) }, environment);
    const leftMs = atMs - account.clock.now();
    if (leftMs > 0) return leftMs;
    if (isOfOtherVersion) return environment.random() * Math.min(members.length * updateSpreadMs, aheadMs);
    const { renewalSpacingMs: spacingMs = renewalSpacingMs } = environment;
    return environment.random() * Math.min(catchUpPart * spacingMs, members.length * catchUpMs);
  }

  async #renew(chatId: string): Promise<void> {
    const { account, environment } = this.#context;
    // A commit that is under way renews the leaf, too.
    if (this.#committer.isBusy(chatId)) return void this.#near.delete(chatId);
    this.#near.add(chatId);
    let isEarly = false;
    await this.#committer.commit(chatId, (conversation) => {
      const { record } = conversation;
      const members = conversation.members();
      if (!mayRenew(record) || members.length < 2) return undefined;
      isEarly = !isRenewalDue(record, members, account.recipientKey, account.clock.now(), environment);
      return isEarly ? undefined : { purpose: "renew", add: [], remove: [] };
    }).catch(() => {});
    this.#near.delete(chatId);
    // Another epoch, or a clock that went back, has moved the time.
    if (isEarly) this.look(chatId);
  }

  /** A time that is still to come is of a clock that was wrong: the leaf would not be renewed before it. */
  #isAge(leafSinceMs: number | undefined): leafSinceMs is number {
    return leafSinceMs !== undefined && leafSinceMs <= this.#context.account.clock.now() + aheadMs;
  }

  /**
   * Earlier versions did not store how old the leaf is. A random part of its life counts as over, so that not
   * all devices renew at once after an update.
   */
  #noteFirstSight(chatId: string): void {
    const { account, conversations, environment } = this.#context;
    void conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      if (!conversation || this.#isAge(conversation.record.leafSinceMs)) return;
      const ageMs = renewalAgeMs(conversation.members().length);
      conversation.set({ leafSinceMs: Math.floor(account.clock.now() - environment.random() * ageMs) });
      unit.onceStored(() => this.look(chatId));
    }).catch(() => {});
  }
}

/** A stranger's group gets no commit of this device before its user has accepted the invitation. */
function mayRenew(record: Readonly<ConversationRecord>): boolean {
  return isMember(record) && !record.invitation && !record.leaving;
}
