/**
 * Brings this device back into groups that it can not follow any more (specification §3.4, §3.5).
 *
 * It asks for a fresh header for a commit that does not open, or for a re-add. When no member can follow, an
 * admin's device creates a replacement channel. policy.ts decides between these. The answers to other devices
 * are in recovery_responder.ts. Single messages that did not open are the work of asking_again.ts and giving_again.ts.
 */

import { type Bytes, equalBytes, toHex } from "../../../schema/bytes.ts";
import type { Entry } from "../../../schema/rpc/methods.ts";
import { RecentCounts } from "../../runtime/recent_counts.ts";
import type { Committer } from "../commits/committer.ts";
import type { ReunionStep } from "../conversation/conversation_events.ts";
import { desyncOf, isIn, isMember } from "../conversation/standing.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import {
  type DeviceMessage,
  type DeviceMessageContent,
  type DeviceMessageOf,
  none,
} from "../device_messages/device_messages.ts";
import { Admins, isAdmin } from "../membership/admins.ts";
import { retryKept } from "../receive/retry.ts";
import type { CreateReplacement } from "../reinit/create_replacement.ts";
import { toldGone } from "../reinit/gone.ts";
import { LeftChannels } from "../reinit/left_channels.ts";
import { RefusedReplacements } from "../reinit/refused_replacements.ts";
import { AskingAgain } from "./asking_again.ts";
import { DesyncDetector } from "./desync_detector.ts";
import { GivingAgain } from "./giving_again.ts";
import { desyncEffects, type Symptom } from "./policy.ts";
import { ReaddRequests } from "./readd_requests.ts";
import { RecoveryResponder } from "./recovery_responder.ts";
import { RecoveryRounds } from "./recovery_rounds.ts";
import { toldAhead } from "./server_behind.ts";
import { UnseenLeaves } from "./unseen_leaves.ts";
import { WelcomeRecovery } from "./welcome_recovery.ts";

/** How often in an hour an admin's word that the group has gone counts in a chat. */
const wordsAnHour = 6;

/** Asks members for help when this device can not follow a group (specification §3.4, §3.5). */
export class RecoveryClient {
  readonly #context: SyncContext;
  readonly #committer: Committer;
  readonly #responder: RecoveryResponder;
  readonly #admins: Admins;
  readonly #left: LeftChannels;
  /** Words of admins that the group has gone, by chat. Each is a line if somebody was heard since. */
  readonly #told: RecentCounts;
  readonly #leaves: UnseenLeaves;
  readonly #refused: RefusedReplacements;
  readonly #desync: DesyncDetector;
  readonly #requests: ReaddRequests;
  readonly #rounds: RecoveryRounds;
  readonly #welcomes: WelcomeRecovery;
  readonly #asking: AskingAgain;
  readonly #giving: GivingAgain;
  /** Messages of other devices that are being handled. */
  #receiving = 0;

  /**
   * @param cursor the highest seq of the queue whose effects are on disk
   * @param maySend whether messages may be sent in a chat now (specification §1.6)
   */
  constructor(
    context: SyncContext,
    committer: Committer,
    createReplacement: CreateReplacement,
    cursor: () => number,
    maySend: (chatId: string) => Promise<boolean>,
  ) {
    this.#context = context;
    this.#committer = committer;
    this.#requests = new ReaddRequests(context);
    this.#responder = new RecoveryResponder(context, committer);
    this.#admins = new Admins(context, createReplacement);
    this.#told = new RecentCounts(() => context.environment.now());
    this.#left = new LeftChannels(context);
    this.#leaves = new UnseenLeaves(context, committer, this.#admins);
    this.#refused = new RefusedReplacements(context, this.#admins);
    this.#welcomes = new WelcomeRecovery(context, this.#requests, cursor);
    this.#asking = new AskingAgain(context);
    this.#giving = new GivingAgain(context, maySend);
    this.#rounds = new RecoveryRounds({
      context,
      requests: this.#requests,
      admins: this.#admins,
      createReplacement,
      cursor,
    });
    this.#desync = new DesyncDetector(context, cursor, (chatId, symptom) => this.fallOutOfStep(chatId, symptom));
  }

  /** Whether this device asks for help now, or helps another device now or in a moment. */
  get busy(): boolean {
    return this.#receiving > 0 || this.#responder.busy || this.#rounds.busy || this.#welcomes.busy;
  }

  /** A connection begins. Nothing is asked before its queue is read. */
  connected(): void {
    this.#rounds.hold();
  }

  /** The queue is read: help that has not come is requested again. */
  caughtUp(): void {
    this.#rounds.release();
    void this.#welcomes.retryStored().catch(() => {});
    void this.#refused.connected().catch(() => {});
    void this.#asking.connected().catch(() => {});
  }

  close(): void {
    this.#responder.close();
    this.#admins.close();
    this.#refused.close();
    this.#left.close();
    this.#leaves.close();
    this.#desync.close();
    this.#rounds.close();
    this.#welcomes.close();
    this.#asking.close();
  }

  /**
   * A message did not open. @param key of its record. @throws StorageError, TransportError, WireError: the next
   * connection asks for it
   */
  async missed(chatId: string, key: string): Promise<void> {
    await this.#asking.missed(chatId, key);
  }

  /** An invitation was accepted: its members may be asked now. @throws StorageError, TransportError, WireError */
  async accepted(chatId: string): Promise<void> {
    await this.#asking.look(chatId);
  }

  /** What another device gave to this one did not open. @throws StorageError, TransportError, WireError */
  async givenUnopened(chatId: string, from: Bytes, message: { messageId: Bytes; n: number }): Promise<void> {
    await this.#asking.givenUnopened(chatId, from, message);
  }

  /** An entry could not be followed, and the desync is on disk. */
  fellOutOfStep(chatId: string): void {
    this.#rounds.start(chatId);
  }

  /** The conversation goes on in a replacement channel. */
  moved(chatId: string): void {
    this.backInStep(chatId);
    this.#left.moved(chatId);
  }

  /** Somebody is still in a channel (hex) that the conversation has left. */
  leftChannelUsed(chatId: string, left: string): void {
    this.#left.used(chatId, left);
  }

  /** This device has left at its user's wish, and the group may not know it. */
  leftUnseen(chatId: string): void {
    this.#leaves.unseen(chatId);
  }

  /** The device can follow the group again. */
  backInStep(chatId: string): void {
    const record = this.#context.conversations.get(chatId)?.record;
    if (record) this.#requests.forget(record.channelId);
    this.#rounds.stop(chatId);
    this.#desync.settle(chatId);
  }

  /**
   * Marks a conversation as out of step for a symptom of policy.ts, and asks for help. @throws StorageError
   */
  async fallOutOfStep(chatId: string, symptom: Symptom): Promise<void> {
    const { cause, notice, values, forgetsState, dropsPlan } = desyncEffects[symptom];
    const done = await this.#context.conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      if (!conversation || !isIn(conversation.record) || desyncOf(conversation.record)) return false;
      conversation.notice(notice, values, this.#context.account.clock.now());
      if (forgetsState) conversation.forgetState();
      if (dropsPlan) conversation.setPending(undefined);
      conversation.fallOutOfStep({ code: cause, epoch: conversation.record.epoch + 1, need: "readd" });
      return true;
    });
    if (!done) return;
    this.#committer.rebuildSoon(chatId);
    this.#rounds.start(chatId);
  }

  /**
   * A key stands twice in the group's tree, so that nobody can follow another commit (GRP-6.5). An admin's device
   * replaces the channel.
   *
   * @throws EngineError, StorageError
   */
  async damaged(chatId: string): Promise<void> {
    const { conversations, ownKey } = this.#context;
    const [record, state] = [conversations.get(chatId)?.record, await conversations.withState(chatId)];
    if (!record || !state || !isMember(record) || !isAdmin(record, ownKey)) return;
    await this.#admins.leadAtWord("damaged", chatId, { record, state });
  }

  /**
   * Another engine has gone on with this device's keys: whoever goes on is put back into every group, with new ones,
   * before it sends. A group without any other device stays.
   *
   * @throws StorageError
   */
  async copied(): Promise<void> {
    const { conversations, mls } = this.#context;
    for (const { id, record } of conversations.all()) {
      if (!isIn(record) || desyncOf(record)) continue;
      const state = await conversations.withState(id);
      if (!state || mls.members(state).length > 1) await this.fallOutOfStep(id, "rolled-back");
    }
  }

  /**
   * The server refused a message or commit of the own epoch. @param code of the answer: E015, E016 or E017
   */
  suspect(chatId: string, code: number): void {
    this.#desync.raise(chatId, code);
  }

  /** A Welcome to an unknown channel, or to a conversation that this device has left, did not open. */
  welcomeLost(entry: Entry): void {
    this.#welcomes.lost(entry);
  }

  /** The user has accepted an account's changed key. @throws StorageError */
  async keyAccepted(): Promise<void> {
    await this.#welcomes.keyAccepted();
  }

  /** A replacement channel was refused, and the group may be in two parts. */
  replacementRefused(chatId: string, channelId: Uint8Array<ArrayBuffer>, due: ReunionStep): void {
    if (due === "ask") this.#refused.refused(chatId, channelId);
    else void this.#refused.parted(chatId, channelId).catch(() => {});
  }

  /** Handles a message of another device. Never rejects: such a message only asks or answers. */
  async receive(message: DeviceMessage): Promise<void> {
    this.#receiving++;
    try {
      const chatId = this.#context.conversations.chatOf(toHex(message.channelId));
      if (chatId !== undefined) await this.#take(chatId, message);
    } catch {
      // The other device asks again, or another member answers.
    } finally {
      this.#receiving--;
    }
  }

  async #take(chatId: string, message: DeviceMessage): Promise<void> {
    switch (message.content.kind) {
      case "reseal":
      case "readd":
        await this.#rounds.noteNeed(chatId, message);
        return await this.#responder.answer(chatId, message);
      case "ahead":
        await this.#rounds.noteNeed(chatId, message);
        return await toldAhead(this.#context, this.#admins, chatId, message);
      case "lead":
        return await this.#refused.asked(chatId, message);
      case "leaving":
        return await this.#leaves.asked(chatId, message);
      case "gone":
        return await this.#takeGone(chatId, { ...message, content: message.content });
      case "resealed":
        return await this.#takeReseal(chatId, message, message.content);
      case "again":
        return await this.#giving.answer(chatId, { ...message, content: message.content });
      case "stuck":
        return await this.#rounds.noteStuck(chatId, message);
    }
  }

  async #takeGone(chatId: string, message: DeviceMessageOf<"gone">): Promise<void> {
    if (this.#told.count(chatId) >= wordsAnHour || !await toldGone(this.#context, chatId, message)) return;
    this.#told.note(chatId);
    // For the others it may be a member there whose Welcome was lost or refused: then they put it back.
    this.#welcomes.lost({ channelId: message.content.channelId, epoch: 0, id: none });
  }

  async #takeReseal(
    chatId: string,
    { from }: DeviceMessage,
    { n, commitId, header }: Extract<DeviceMessageContent, { kind: "resealed" }>,
  ): Promise<void> {
    const { conversations, mls, account } = this.#context;
    const followed = await conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      const desync = conversation && desyncOf(conversation.record);
      if (
        !conversation?.state || !isIn(conversation.record) || desync?.need !== "reseal" || desync.epoch !== n ||
        desync.commitId !== toHex(commitId)
      ) return false;
      const state = conversation.state;
      const by = mls.members(state).find(({ recipientKey }) => equalBytes(recipientKey, from))?.credential.username;
      return await retryKept({ context: this.#context, unit }, conversation, {
        secretOf: (entry) => mls.openReseal(state, { n: BigInt(n), header, sealedCommit: entry.body }),
        done: () => conversation.notice("healed", { ...(by !== undefined && { by }) }, account.clock.now()),
      });
    });
    if (!followed) return;
    const record = conversations.get(chatId)?.record;
    if (!record || !desyncOf(record)) this.backInStep(chatId);
    this.#committer.rebuildSoon(chatId);
  }
}
