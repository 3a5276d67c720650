/**
 * One client of the soak: a person whose operations are started without waiting for their end, and what came
 * of them.
 */

import { type Bytes, fromHex, toHex } from "../../../schema/bytes.ts";
import { EngineError } from "../../api/errors.ts";
import { createMls, type GroupState } from "../../mls/group.ts";
import { SealedStore } from "../../storage/sealed_store.ts";
import {
  type ConversationMember,
  type ConversationRecord,
  cursorKey,
  keys,
  type PendingRecord,
} from "../../sync/conversation/records.ts";
import { conversationFromStored, type StoredConversation } from "../../sync/conversation/stored_conversation.ts";
import { type DevicesSince, hasLaterDevice } from "../../sync/conversation/device_history.ts";
import type { StoredOutbox } from "../../sync/conversation/outbox_record.ts";
import type { TestCore } from "../core.ts";
import { Person } from "../person.ts";
import { isIn } from "../../sync/conversation/standing.ts";
import { testEnvironment } from "../test_environment.ts";
import { Wiretap } from "../wiretap.ts";

/**
 * What an operation may be refused with while others change the group, the network fails or the process dies:
 * not allowed, busy, not a member any more, offline, no such member, storage gone, not in the chat, back in
 * it by somebody whom it did not know there.
 */
const expectedRefusals = new Set(["E005", "E016", "E040", "E050", "L001", "L004", "L005", "L010", "L018", "L019"]);
/**
 * By how much delays are shrunk: less than in other tests, because all clients share a processor here, and a
 * commit that is built to lose costs what one that wins does. What goes wrong waits longer.
 */
const [speed, speedWithFaults] = [2, 5];
/**
 * Fewer KeyPackages than the client keeps (specification §4.8): making and checking them would be a third of
 * the work, and with few the last resort is handed out, too.
 */
const wantedKeyPackages = 4;
/** What {@link Walker.cutInMidDrain} writes before it is cut off, and after: more than 32. */
const [writtenBefore, writtenAfter] = [60, 48];
const reader = createMls({ trust: () => Promise.resolve(true), isRevoked: () => Promise.resolve(false) });

export class Walker {
  readonly person: Person;
  readonly index: number;
  /** Step at which it comes back; while it is set it is offline. */
  backAt: number | undefined;
  /** The process is dead or starting. */
  restarting: Promise<void> | undefined;
  /** Text by messageId of everything that it was asked to send, and in which place. */
  readonly said = new Map<string, { place: number; text: string }>();
  /** Operations that have not ended. */
  readonly running = new Map<Promise<void>, string>();
  readonly refusals = new Map<string, number>();
  readonly surprises: string[] = [];
  recipientKey = "";
  #answersToLose = 0;
  /** How many calls that send messages are left until the connection is lost; below 1: it is not. */
  #callsToCut = 0;
  #atCut = () => {};

  private constructor(person: Person, index: number) {
    this.person = person;
    this.index = index;
  }

  /**
   * @param renewAfterMessages own messages since its leaf was made, after which it renews it
   * @param faults whether {@link loseAnswers} will be used
   */
  static async join(
    core: TestCore,
    index: number,
    seed: number,
    renewAfterMessages: number,
    faults: boolean,
  ): Promise<Walker> {
    const walker = new Walker(
      await Person.join(core, `walker${index}`, seed, {
        ...core.time.environment(testEnvironment(seed, faults ? speedWithFaults : speed)),
        renewAfterMessages,
        // Renewals are to meet the commits of others, and no walk takes ten minutes.
        renewalSpacingMs: 0,
        wantedKeyPackages,
      }),
      index,
    );
    if (faults) await walker.#tap();
    walker.recipientKey = toHex(await walker.person.recipientKey());
    return walker;
  }

  async #tap(): Promise<void> {
    const tap = new Wiretap();
    tap.losesAnswer = ({ method }) => {
      tap.calls.length = 0;
      return (method === "commit" || method.startsWith("publish")) && this.#answersToLose-- > 0;
    };
    tap.holdsAnswer = ({ method }) => {
      if (!method.startsWith("publish") || --this.#callsToCut !== 0) return undefined;
      this.#atCut();
      return Promise.reject(new Error("the connection is lost"));
    };
    this.person.wrapTransport = tap.wrap;
    await this.person.crash();
    await this.person.connected();
  }

  /** The next answers to commits and messages are lost: the core has them, and acts. */
  loseAnswers(count: number): void {
    this.#answersToLose = count;
  }

  /**
   * Writes offline for some steps, comes back, loses its connection while that is being sent, writes more than a
   * receiver keeps skipped generations (GRP-6.1), and comes back when all of it is stored.
   *
   * @param calls that send messages; at the answer to the last of them the connection is lost
   */
  cutInMidDrain(chatId: string, random: () => number, untilStep: number, calls: number): void {
    this.goOffline(untilStep);
    for (let count = 0; count < writtenBefore; count++) this.say(chatId, random);
    this.#callsToCut = calls;
    this.#atCut = () => {
      this.goOffline(Infinity);
      const before = new Set(this.running.keys());
      // The seed's draws stay with the steps: this comes at a time of its own.
      for (let count = 0; count < writtenAfter; count++) this.say(chatId, Math.random);
      const written = [...this.running.keys()].filter((operation) => !before.has(operation));
      // Not at a step: it may be the last one.
      void Promise.all(written).then(() => this.comeBack());
    };
  }

  get name(): string {
    return this.person.username;
  }

  /** Starts an operation; its end is noted. */
  run(what: string, operation: () => Promise<unknown>): void {
    const { person } = this;
    const engine = person.engine;
    const ending: Promise<void> = operation().then(() => {}, (error) => {
      // The process that was asked has died.
      if (person.engine !== engine) return;
      const code = error instanceof EngineError ? error.problem.code : "";
      if (expectedRefusals.has(code)) this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
      else this.surprises.push(`${this.name}: ${what}: ${(error as Error).stack ?? error}`);
    }).finally(() => this.running.delete(ending));
    this.running.set(ending, what);
  }

  say(chatId: string, random: () => number): void {
    // Chosen here, so that what was stored and never answered is known, too.
    const messageId = Array.from({ length: 16 }, () => Math.floor(random() * 256).toString(16).padStart(2, "0")).join(
      "",
    );
    const place = this.said.size;
    const text = `${this.name} says ${place}`;
    this.said.set(messageId, { place, text });
    this.run(text, async () => {
      // Brought back by somebody whom it did not know there, its user is asked first, and says yes.
      if ((await this.person.chat(chatId))?.needsAcceptance) await this.person.engine.acceptInvitation(chatId);
      await this.person.engine.send(chatId, messageId, text);
    });
  }

  goOffline(untilStep: number): void {
    this.backAt = untilStep;
    this.person.online = false;
    this.person.disconnect();
  }

  comeBack(): void {
    this.backAt = undefined;
    this.person.online = true;
    void this.person.engine.wake();
  }

  /**
   * The process dies at one of its next writes, or after a moment if it writes nothing, and starts again from the disk.
   *
   * @param damage changes what is on the disk meanwhile
   */
  die(writes: number, afterwards: boolean, damage?: (store: SealedStore) => Promise<void>): void {
    this.person.storage.failWrite(writes, afterwards ? "crash-after" : "crash");
    this.restarting = (async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      this.running.clear();
      if (damage) {
        const survived = this.person.storage.restarted();
        this.person.storage.die();
        await this.person.engine.close();
        this.person.storage = survived;
        const store = new SealedStore(this.person.storage, this.person.wrappingKey);
        await store.takeFence();
        await damage(store);
      }
      await this.person.crash();
    })().catch((error) => {
      this.surprises.push(`${this.name}: restart: ${(error as Error).stack ?? error}`);
    }).finally(() => this.restarting = undefined);
  }

  #disk(): SealedStore {
    return new SealedStore(this.person.storage.restarted(), this.person.wrappingKey);
  }

  /** The chat as the disk has it; its members are records of their own. */
  async record(chatId: string): Promise<Omit<ConversationRecord, "members"> | undefined> {
    const stored = await this.#disk().get<StoredConversation>("groups", chatId);
    return stored && conversationFromStored(stored);
  }

  /** Whether nothing of the chat waits on the disk. */
  async isQuiet(chatId: string): Promise<boolean> {
    const disk = this.#disk();
    const [pending, outbox, members, devices, record] = await Promise.all([
      disk.get<PendingRecord>("pending", chatId),
      disk.range<StoredOutbox>("outbox", `${chatId}/`),
      disk.get<ConversationMember[]>("epochs", keys.members(chatId)),
      disk.get<DevicesSince[]>("epochs", keys.devices(chatId)),
      this.record(chatId),
    ]);
    const present = record && { ...record, ...(devices && { devices }) };
    // What somebody in the group was not to read waits until that one is out. Each other device was given it alone.
    const waits = ({ againMs, notFor, firstSent, toGive }: StoredOutbox) =>
      againMs !== undefined && (members!.some(({ accountKey }) => notFor?.includes(accountKey)) ||
        (firstSent !== undefined && toGive?.length === 0 && hasLaterDevice(present!, firstSent)));
    return !this.restarting && pending === undefined && outbox.every(({ value }) => waits(value));
  }

  /** Whether entries of the group wait for it on the server. */
  async isBehind(core: TestCore, { channelId }: Pick<ConversationRecord, "channelId">): Promise<boolean> {
    const cursor = await this.#disk().get<number>("account", cursorKey) ?? 0;
    return await core.isWaiting(await this.person.recipientKey(), channelId, cursor);
  }

  /**
   * @param channelId hex: the group's present channel
   * @returns the chat in which this device has the group. A device that was out, and does not know the maker of
   *   the channel as an admin, finds it in another conversation (docs/decisions/017)
   */
  async chatIn(chatId: string, channelId: string): Promise<string> {
    const all = await this.#disk().range<StoredConversation>("groups", "");
    return all.find(({ value }) => toHex(value.channelId) === channelId)?.key ?? chatId;
  }

  /**
   * Whether the group went on without this device, and it was told so (docs/decisions/034): the device is in another
   * channel, and all that the server has for it is read.
   *
   * @param channelId hex: the group's present channel, of which it is no member
   */
  async isLeftBehind(core: TestCore, chatId: string, channelId: string): Promise<boolean> {
    const record = await this.record(chatId);
    return record?.gone !== undefined && isIn(record) && toHex(record.channelId) !== channelId &&
      !await this.isBehind(core, record) && !await this.isBehind(core, { channelId: fromHex(channelId) });
  }

  /** @returns the messageIds of what is to go out */
  async waiting(): Promise<Set<string>> {
    return new Set((await this.#disk().range<StoredOutbox>("outbox", "")).map(({ value: { messageId } }) => messageId));
  }

  /** The group as the disk has it. */
  async state(chatId: string): Promise<GroupState> {
    const disk = this.#disk();
    const [epoch, ratchets] = await Promise.all([
      disk.get<Bytes>("epochs", chatId),
      disk.range<Bytes>("ratchets", `${chatId}/`),
    ]);
    return reader.decodeState(
      epoch!,
      ratchets.map(({ key, value }) => ({ key: key.slice(chatId.length + 1), bytes: value })),
    );
  }

  /** What two members of one epoch must agree on, as text. */
  async picture(chatId: string): Promise<string> {
    const state = await this.state(chatId);
    const members = reader.members(state).map(({ credential, role, recipientKey }) =>
      `${credential.username} ${role} ${toHex(recipientKey).slice(0, 8)}`
    );
    return JSON.stringify({
      epoch: Number(state.epoch),
      name: reader.info(state).name,
      members,
      transcript: toHex(reader.transcriptHash(state)),
      authenticator: toHex(state.mls.keySchedule.epochAuthenticator),
    });
  }

  /** What helps to find out why it did not come to rest. */
  async diary(chatId: string): Promise<string> {
    const record = await this.record(chatId);
    const { commits, ...rest } = record ?? {} as Partial<ConversationRecord>;
    const [notices, chats, unreadable] = await Promise.all([
      this.person.notices(chatId),
      this.person.engine.chats(),
      this.#disk().range<{ code: string; epoch: number; kind: number }>("unreadable", ""),
    ]);
    return JSON.stringify({
      record: {
        ...rest,
        channelId: rest.channelId && toHex(rest.channelId).slice(0, 6),
        firstChannelId: undefined,
        commits: commits?.slice(-3),
      },
      chats: chats.map(({ chatId: id, title, active, members }) =>
        `${id.slice(0, 6)} ${title} ${active} ${members.length}`
      ),
      notices: notices.slice(-12),
      problems: this.person.problems.slice(-3),
      unreadable: unreadable.slice(-8).map(({ key, value: { code, epoch, kind } }) =>
        `${key.slice(0, 6)}/${key.slice(-4)} kind ${kind} epoch ${epoch} ${code}`
      ),
    });
  }
}
