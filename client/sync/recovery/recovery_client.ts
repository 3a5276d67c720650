/**
 * Brings this device back into groups that it can not follow any more (specification §3.4, §3.5): it asks for
 * a fresh header for a commit that does not open, or to be taken out and put back; when nobody can follow, an
 * admin makes a successor channel. What is broken is on disk; the asking starts again with every connection.
 * The answers to others: helper.ts.
 */

import { equalBytes, fromHex, toHex } from "../../../schema/bytes.ts";
import { type Entry, EntryKind } from "../../../schema/rpc/methods.ts";
import type { GroupState } from "../../mls/group.ts";
import { Timers } from "../../runtime/timers.ts";
import { Admins, isAdmin } from "../membership/admins.ts";
import type { Committer } from "../commits/committer.ts";
import {
  type DeviceMessage,
  type DeviceMessageContent,
  openDeviceMessage,
  sendDeviceMessage,
} from "../device_messages/device_messages.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import { RecoveryResponder } from "./recovery_responder.ts";
import type { People } from "../membership/people.ts";
import type { ChatRecord, UnreadableRecord } from "../conversation/records.ts";
import { RefusedReplacements } from "../reinit/refused_replacements.ts";
import { ReaddRequests, whomToAsk } from "./requests.ts";
import { retryKept } from "../receive/retry.ts";
import { actAhead, toldAhead } from "./server_behind.ts";
import { serverState } from "../commits/server_member_list.ts";
import { accountOf, createReplacement } from "../reinit/replacement_channel.ts";
import { DesyncDetector } from "./desync_detector.ts";
import type { InboxEvents, SyncContext } from "../conversation/sync_context.ts";
import { desyncOf, isIn } from "../conversation/standing.ts";

/** Rounds of asking for a header before asking to be put back. */
const resealRounds = 2;
/**
 * Rounds after which an admin that somebody else is stuck with makes a successor, and after which one does
 * that nobody answers.
 */
const stuckRounds = 2;
const silentRounds = 8;
/** Rounds of asking to be added anew after a Welcome that did not open. */
const welcomeRounds = 12;
/** Channels that are asked at once after such a Welcome: strangers may send any number of them. */
const lostWelcomesAtOnce = 8;
/** Between rounds, in ms; doubling up to the longest. */
const firstRoundMs = 5_000;
const longestRoundMs = 600_000;

/** The asking for one chat, in memory. */
interface Asking {
  rounds: number;
  /** The server's epoch, and for how many rounds it has been that: while others commit, somebody can follow. */
  serverEpoch: number;
  quietRounds: number;
  /** Accounts as hex that could not follow the commit either. */
  stuck: Set<string>;
  /**
   * Accounts as hex that are in need of help themselves, for whatever reason, since the server's epoch is
   * what it is.
   */
  inNeed: Set<string>;
}

interface LostWelcome {
  channelId: Uint8Array<ArrayBuffer>;
  n: number;
  commitId: Uint8Array<ArrayBuffer>;
}

/** Asks members for help when this device can not follow a group (specification §3.4, §3.5). */
export class RecoveryClient {
  readonly #context: SyncContext;
  readonly #committer: Committer;
  readonly #people: People;
  readonly #events: () => InboxEvents;
  readonly #responder: RecoveryResponder;
  readonly #admins: Admins;
  readonly #refused: RefusedReplacements;
  readonly #desync: DesyncDetector;
  readonly #requests: ReaddRequests;
  readonly #asking = new Map<string, Asking>();
  readonly #timers: Timers;
  readonly #running = new Set<string>();
  #closed = false;

  /**
   * @param events what entries that are tried again tell of
   * @param cursor the highest seq of the queue whose effects are on disk
   */
  constructor(
    context: SyncContext,
    committer: Committer,
    people: People,
    events: () => InboxEvents,
    cursor: () => number,
  ) {
    this.#context = context;
    this.#timers = new Timers(context.environment);
    this.#committer = committer;
    this.#people = people;
    this.#events = events;
    this.#requests = new ReaddRequests(context);
    this.#responder = new RecoveryResponder(context, committer);
    this.#admins = new Admins(context, committer, people);
    this.#refused = new RefusedReplacements(context, this.#admins);
    this.#desync = new DesyncDetector(context, cursor, {
      rolledBack: (chatId) => this.rolledBack(chatId),
      serverBehind: (chatId) => this.serverBehind(chatId),
      fork: (chatId) =>
        this.#breakOpen(
          chatId,
          "fork",
          (conversation) => conversation.notice("rejected", { code: "fork" }, context.account.clock.now()),
        ),
    });
  }

  /** The network is there: what is broken is asked for again. */
  connected(): void {
    void this.#lostWelcomes().catch(() => {});
    void this.#refused.connected().catch(() => {});
    for (const { id, record } of this.#context.conversations.all()) {
      if (isIn(record) && desyncOf(record)) this.#schedule(id, 0);
    }
  }

  /**
   * The user has taken an account's other key: groups whose Welcome was refused for it may be entered now.
   * Their members are asked to add this device anew.
   */
  async keyAccepted(): Promise<void> {
    const { store } = this.#context;
    const refused = (await store.range<UnreadableRecord>("unreadable", "")).filter(({ value }) =>
      value.kind === EntryKind.WELCOME && value.code === "untrusted"
    );
    // From now on they are like those that did not open: asked for at every connection, should this one end before.
    await store.write({
      puts: refused.map(({ key, value, context }) => ({
        store: "unreadable" as const,
        key,
        value: { ...value, code: "header" },
        context,
      })),
    });
    await this.#lostWelcomes();
  }

  /** Those that an earlier run could not open. */
  async #lostWelcomes(): Promise<void> {
    for (const { value, context } of await this.#context.store.range<UnreadableRecord>("unreadable", "")) {
      if (value.kind !== EntryKind.WELCOME || value.code !== "header" || !context.channelId) continue;
      this.#askForWelcome({ channelId: new Uint8Array(context.channelId), n: value.epoch, commitId: value.id }, 1);
    }
  }

  close(): void {
    this.#closed = true;
    this.#responder.close();
    this.#admins.close();
    this.#refused.close();
    this.#desync.close();
    this.#timers.close();
  }

  broken(chatId: string): void {
    this.#schedule(chatId, 0);
  }

  /** The device is in the group again. */
  healed(chatId: string): void {
    const record = this.#context.conversations.get(chatId)?.record;
    if (record) this.#requests.forget(record.channelId);
    this.#asking.delete(chatId);
    this.#desync.settle(chatId);
    this.#timers.cancel(chatId);
  }

  /**
   * This device's state is older than what it did already: its storage went back in time. Nothing may be
   * sealed with it again, so it goes, and the group is asked to put the device back (specification §4.5,
   * E017).
   */
  async rolledBack(chatId: string): Promise<void> {
    await this.#breakOpen(chatId, "E017", (conversation) => {
      conversation.notice("rolled-back", { code: "E017" }, this.#context.account.clock.now());
      conversation.forgetState();
      conversation.setPending(undefined);
    });
  }

  /** The group's state is gone or damaged. */
  async stateLost(chatId: string): Promise<void> {
    await this.#breakOpen(chatId, "state-lost", (conversation) => {
      conversation.notice("unreadable", { code: "state-lost" }, this.#context.account.clock.now());
      conversation.setPending(undefined);
    });
  }

  /** The server has not been in this device's epoch: it has gone back in time. */
  async serverBehind(chatId: string): Promise<void> {
    await this.#breakOpen(
      chatId,
      "server-behind",
      (conversation) => conversation.notice("server-behind", {}, this.#context.account.clock.now()),
    );
  }

  /** The server did not take what was sealed in the own epoch. @param code of the answer: E015, E016 or E017 */
  suspect(chatId: string, code: number): void {
    this.#desync.raise(chatId, code);
  }

  /**
   * A Welcome to a channel that is not known here did not open: its KeyPackage is gone. The members can add
   * this device anew.
   */
  welcomeLost(entry: Entry): void {
    this.#askForWelcome({
      channelId: new Uint8Array(entry.channelId),
      n: entry.epoch,
      commitId: new Uint8Array(entry.id),
    }, 1);
  }

  /** A successor whose maker this device does not know as an admin. */
  successorRefused(chatId: string, channelId: Uint8Array<ArrayBuffer>): void {
    this.#refused.refused(chatId, channelId);
  }

  #askForWelcome(lost: LostWelcome, round: number): void {
    const key = `welcome/${toHex(lost.channelId)}`;
    const asked = this.#timers.count("welcome/");
    if (this.#closed || this.#timers.has(key) || round > welcomeRounds || asked >= lostWelcomesAtOnce) return;
    // The others may be on their way into the channel, too.
    const delayMs = round === 1 ? 0 : Math.min(longestRoundMs, firstRoundMs * 2 ** (round - 2));
    this.#timers.start(key, delayMs, () => {
      void this.#askForWelcomeNow(lost, round).catch(() => {}).finally(() => this.#askForWelcome(lost, round + 1));
    });
  }

  async #askForWelcomeNow({ channelId, n, commitId }: LostWelcome, round: number): Promise<void> {
    const { conversations: chats } = this.#context;
    const known = chats.chatOf(toHex(channelId));
    const record = known === undefined ? undefined : chats.get(known)?.record;
    if (known === undefined || (record && isIn(record))) return;
    const server = await serverState(this.#context.rpc, channelId);
    if (!server) return;
    const content = await this.#requests.make(channelId, n, commitId, server.epoch);
    for (const to of await whomToAsk(this.#context, server.members, chats.get(known)?.record, undefined, round)) {
      await sendDeviceMessage(this.#context, channelId, to, content);
    }
  }

  /** A payload of another device. Never rejects: whatever it is, it only asks. */
  async receive(entry: Entry): Promise<void> {
    try {
      const direct = await openDeviceMessage(entry.body, entry.channelId, this.#context.account.recipientKey);
      const chatId = this.#context.conversations.chatOf(toHex(entry.channelId));
      if (direct && chatId !== undefined) await this.#take(chatId, direct);
    } catch {
      // The asker asks again, or somebody else.
    }
  }

  async #take(chatId: string, direct: DeviceMessage): Promise<void> {
    switch (direct.content.kind) {
      case "reseal":
      case "readd":
        await this.#noteNeed(chatId, direct);
        return await this.#responder.answer(chatId, direct);
      case "ahead":
        await this.#noteNeed(chatId, direct);
        return await toldAhead(this.#context, this.#admins, chatId, direct);
      case "lead":
        return await this.#refused.asked(chatId, direct);
      case "resealed":
        return await this.#takeReseal(chatId, direct, direct.content);
      case "stuck":
        return await this.#takeStuck(chatId, direct);
    }
  }

  // --- asking ---

  #schedule(chatId: string, delayMs: number): void {
    if (this.#closed) return;
    this.#timers.start(chatId, delayMs, () => void this.#step(chatId));
  }

  /** One round. Never rejects. */
  async #step(chatId: string): Promise<void> {
    if (this.#closed || this.#running.has(chatId)) return;
    this.#running.add(chatId);
    const asking = this.#asking.get(chatId) ??
      { rounds: 0, serverEpoch: -1, quietRounds: 0, stuck: new Set<string>(), inNeed: new Set<string>() };
    this.#asking.set(chatId, asking);
    try {
      await this.#round(chatId, asking);
    } catch {
      // No network, or the storage failed: the next round, or the next connection.
    } finally {
      this.#running.delete(chatId);
    }
    const chat = this.#context.conversations.get(chatId);
    if (chat && isIn(chat.record) && desyncOf(chat.record)) {
      this.#schedule(chatId, Math.min(longestRoundMs, firstRoundMs * 2 ** Math.max(0, asking.rounds - 2)));
    }
  }

  async #round(chatId: string, asking: Asking): Promise<void> {
    const { conversations: chats, account } = this.#context;
    const chat = chats.get(chatId);
    if (!chat || !isIn(chat.record) || !desyncOf(chat.record)) return;
    const { record } = chat;
    const state = await chats.withState(chatId);
    const server = await serverState(this.#context.rpc, record.channelId);
    asking.rounds++;
    if (!server || server.epoch < record.epoch) {
      return await actAhead(this.#context, this.#admins, chatId, record, state, server?.members, asking.rounds);
    }
    if (server.epoch === asking.serverEpoch) asking.quietRounds++;
    else {
      [asking.serverEpoch, asking.quietRounds] = [server.epoch, 0];
      asking.inNeed.clear();
    }
    if (this.#successorDue(record, state, asking)) {
      return await createReplacement(
        this.#context,
        this.#committer,
        this.#people,
        chatId,
        state ? "rejected-commit" : "state-lost",
      );
    }
    const whom = await whomToAsk(this.#context, server.members, record, state, asking.rounds);
    const { need, epoch, commitId } = desyncOf(record)!;
    const id = fromHex(commitId ?? "");
    const reseal = need === "reseal" && asking.rounds <= resealRounds && state !== undefined && commitId !== undefined;
    const content: DeviceMessageContent = reseal
      ? { kind: "reseal", n: epoch, commitId: id }
      : await this.#requests.make(record.channelId, epoch, id, server.epoch);
    for (const to of whom) await sendDeviceMessage(this.#context, record.channelId, to, content);
    if (whom.length === 0 && server.members.every((key) => equalBytes(key, account.recipientKey)) && state) {
      await createReplacement(this.#context, this.#committer, this.#people, chatId, "rejected-commit");
    }
  }

  /**
   * Whether nobody can follow the commit, or, where this device can not tell, others are in need of help too
   * and nobody commits: an admin among them gives the conversation a fresh channel. Those who still commit
   * would refuse a successor from long ago, and the group would be two.
   */
  #successorDue(
    record: Readonly<ChatRecord>,
    state: GroupState | undefined,
    { rounds, quietRounds, stuck, inNeed }: Asking,
  ): boolean {
    if (!isAdmin(record, this.#context.ownKey)) return false;
    const broken = desyncOf(record);
    if (stuck.size + inNeed.size > 0 && quietRounds > stuckRounds && (!state || broken?.commitId !== undefined)) {
      return true;
    }
    if (!state) return stuck.size > 0 && rounds > 2 * silentRounds;
    // What this device knows of the group is not what the others do, if there is one that can follow.
    if (broken?.commitId === undefined) return inNeed.size > 0 && quietRounds > silentRounds;
    return (stuck.size > 0 && rounds > stuckRounds) || rounds > silentRounds;
  }

  async #breakOpen(
    chatId: string,
    code: string,
    change: (conversation: ConversationTransaction) => void,
  ): Promise<void> {
    const done = await this.#context.conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      if (!conversation || !isIn(conversation.record) || desyncOf(conversation.record)) return false;
      change(conversation);
      conversation.breakOff({ code, epoch: conversation.record.epoch + 1, need: "readd" });
      return true;
    });
    if (!done) return;
    this.#committer.lost(chatId);
    this.#schedule(chatId, 0);
  }

  // --- answers to what was asked ---

  /** Who asks this device for help can not help it. */
  async #noteNeed(chatId: string, { from }: DeviceMessage): Promise<void> {
    const record = this.#context.conversations.get(chatId)?.record;
    const asking = record && desyncOf(record) ? this.#asking.get(chatId) : undefined;
    const account = asking ? await accountOf(this.#context, chatId, from) : undefined;
    if (asking && account !== undefined && account !== this.#context.ownKey) asking.inNeed.add(account);
  }

  async #takeStuck(chatId: string, direct: DeviceMessage): Promise<void> {
    const record = this.#context.conversations.get(chatId)?.record;
    const desync = record && isIn(record) ? desyncOf(record) : undefined;
    const asking = this.#asking.get(chatId);
    if (!desync || !asking || (desync.commitId ?? "") !== toHex(direct.content.commitId)) return;
    const account = await accountOf(this.#context, chatId, direct.from);
    if (account !== undefined && account !== this.#context.ownKey) asking.stuck.add(account);
  }

  async #takeReseal(
    chatId: string,
    { from }: DeviceMessage,
    { n, commitId, header }: Extract<DeviceMessageContent, { kind: "resealed" }>,
  ): Promise<void> {
    const { conversations: chats, mls, account } = this.#context;
    const healed = await chats.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      const broken = conversation && desyncOf(conversation.record);
      if (
        !conversation?.state || !isIn(conversation.record) || broken?.need !== "reseal" || broken.epoch !== n ||
        broken.commitId !== toHex(commitId)
      ) return false;
      const state = conversation.state;
      const by = mls.members(state).find(({ recipientKey }) => equalBytes(recipientKey, from))?.credential.username;
      return await retryKept(this.#context, this.#events(), unit, conversation, {
        secretOf: (entry) => mls.openReseal(state, { n: BigInt(n), header, sealedCommit: entry.body }),
        done: () => conversation.notice("healed", { ...(by !== undefined && { by }) }, account.clock.now()),
      });
    });
    if (!healed) return;
    const record = chats.get(chatId)?.record;
    if (!record || !desyncOf(record)) this.healed(chatId);
    this.#committer.lost(chatId);
  }
}
