/**
 * The conversations of this device in memory, and the only way to change them.
 *
 * A change is a unit of work. It holds the mutex of each conversation that it touches, does all MLS and content
 * work, and then makes ONE storage write. Memory and listeners see the change after that write. There is one
 * exception: listeners hear of received messages during the write (docs/decisions/014). A unit that fails leaves
 * no trace, and the conversations that it touched are read again from the storage.
 */

import { Mutex } from "async-mutex";
import { type Bytes, fromHex, toHex } from "../../../schema/bytes.ts";
import { MalformedError } from "../../../schema/malformed_error.ts";
import { byListOrder, type ChatSummary } from "../../api/engine_api.ts";
import type { GroupState, Mls } from "../../mls/group.ts";
import type { SealedBatch, SealedStore } from "../../storage/sealed_store.ts";
import { GuardError, StorageError, StorageFullError } from "../../storage/storage.ts";
import { type Conversation, ConversationTransaction } from "./conversation_transaction.ts";
import { ConversationFeed, type ConversationStoreListener } from "./conversation_feed.ts";
import type { Drafts } from "./drafts.ts";
import { currentMessage } from "./last_message.ts";
import type { Environment } from "../../runtime/environment.ts";
import { type ConversationRecord, keys, type LineRecord, type PendingRecord } from "./records.ts";
import { conversationFromStored, type StoredConversation } from "./stored_conversation.ts";
import { itemOf, picturesOfKnown, type PinMarks, summaryOf } from "./projection.ts";
import { readingOf } from "./reading.ts";
import { isShown } from "./standing.ts";
import { UnitOfWork } from "./unit_of_work.ts";

/** The records that one message writes: chat, ratchet, line, two ids, outbox or cursor. */
const recordsOfMessage = 6;

/** The conversations of this device. Each change of a conversation is one transaction, one at a time. */
export class ConversationStore {
  readonly #store: SealedStore;
  readonly #mls: Mls;
  readonly #own: { username: string; accountKey: string };
  readonly #drafts: Drafts;
  readonly #feed: ConversationFeed;
  readonly #conversations = new Map<string, Conversation>();
  /** Channels as hex → the chat. Channels that the conversation has left are included. */
  readonly #byChannel = new Map<string, string>();
  readonly #mutexes = new Map<string, Mutex>();
  /** Chats whose write failed and that could not be read since: whether the write reached the disk is unknown. */
  readonly #unsure = new Set<string>();
  /** Chats with reported lines that are being written; resolves when they are written, or could not be. */
  readonly #arriving = new Map<string, Promise<void>>();
  #marks: PinMarks = () => ({});

  constructor(
    options: {
      store: SealedStore;
      mls: Mls;
      own: { username: string; accountKey: string };
      listener: ConversationStoreListener;
      environment: Environment;
      drafts: Drafts;
    },
  ) {
    this.#store = options.store;
    this.#mls = options.mls;
    this.#own = options.own;
    this.#drafts = options.drafts;
    this.#feed = new ConversationFeed(options.listener, options.environment, () => this.summaries());
    options.drafts.watch(() => this.#feed.listChanged());
  }

  /** Reads all group records; MLS states are read when they are needed. @throws StorageError */
  async load(): Promise<void> {
    const [records, pending] = await Promise.all([
      this.#store.range<StoredConversation>("groups", ""),
      this.#store.range<PendingRecord>("pending", ""),
    ]);
    const pendingById = new Map(pending.map(({ key, value }) => [key, value]));
    await Promise.all(records.map(async ({ key, value }) => {
      await this.#keepStored(key, value, pendingById.get(key));
    }));
  }

  /** What stands beside people in the chats has changed. @param marks where they are given anew */
  mark(marks: PinMarks = this.#marks): void {
    this.#marks = marks;
    this.#feed.listChanged();
  }

  /** Reports nothing any more. */
  close(): void {
    this.#feed.close();
  }

  get(chatId: string): Conversation | undefined {
    return this.#conversations.get(chatId);
  }

  /**
   * @param channel the channelId as hex
   * @returns the chat that the channel belongs to, or would belong to; undefined for a channel that its
   *   conversation has left
   */
  chatOf(channel: string): string | undefined {
    const known = this.#byChannel.get(channel);
    return known === undefined
      ? channel
      : this.#conversations.get(known)?.record.earlier?.includes(channel)
      ? undefined
      : known;
  }

  #keep(conversation: Conversation): void {
    this.#conversations.set(conversation.id, conversation);
    for (const channel of [toHex(conversation.record.channelId), ...conversation.record.earlier ?? []]) {
      this.#byChannel.set(channel, conversation.id);
    }
  }

  #drop(chatId: string): void {
    this.#conversations.delete(chatId);
    for (const [channel, of] of this.#byChannel) if (of === chatId) this.#byChannel.delete(channel);
  }

  all(): Conversation[] {
    return [...this.#conversations.values()];
  }

  /** @returns in the order of the list; without chats that are not on the server yet, or were deleted here */
  summaries(): ChatSummary[] {
    const marks = picturesOfKnown(this.all(), this.#own.accountKey, this.#marks);
    return this.all().filter(({ record }) => isShown(record) && !record.cleared).map((conversation) =>
      summaryOf(conversation.id, conversation.record, this.#own, marks, this.#drafts.of(conversation.id))
    ).sort(byListOrder);
  }

  /** @returns the chat's MLS state; undefined when there is no such chat, or it has no state any more */
  async withState(chatId: string): Promise<GroupState | undefined> {
    return await this.#mutex(chatId).runExclusive(async () => {
      const conversation = await this.#current(chatId);
      return conversation && (await this.#loaded(conversation)).state;
    });
  }

  /**
   * Runs one unit of work and writes it.
   *
   * @param work gets its conversations by `unit.conversation`. Only the inbox may touch more than one: its order of
   *   locking is the only one.
   * @returns what `work` returned
   * @throws whatever `work` throws; StorageError, GuardError. Nothing has changed then (after a StorageError:
   *   nothing or everything, and it is read again)
   */
  async update<T>(work: (unit: UnitOfWork) => Promise<T>): Promise<T> {
    const held = new Map<string, () => void>();
    const hold = async (chatId: string) => {
      if (!held.has(chatId)) held.set(chatId, await this.#mutex(chatId).acquire());
    };
    const changing = (conversation: Conversation) =>
      new ConversationTransaction(conversation, this.#mls, () => unit.arrival, this.#own.username);
    const unit: UnitOfWork = new UnitOfWork(
      async (chatId) => {
        await hold(chatId);
        const before = await this.#current(chatId);
        if (!before) return undefined;
        const conversation = changing(await this.#loaded(before));
        unit.conversations.set(chatId, conversation);
        return conversation;
      },
      async (record, chatId) => {
        await hold(chatId);
        const before = await this.#current(chatId);
        const version = before?.version ?? await this.#store.version(fromHex(chatId));
        const ratchetKeys = before?.ratchetKeys ?? new Set<string>();
        const fresh = { id: chatId, record, state: undefined, ratchetKeys, pending: undefined, version };
        // A conversation that this unit has changed already keeps its changes: the messages that came before
        // a Welcome are written together with the Welcome.
        const conversation = unit.conversations.get(chatId) ?? changing(fresh);
        conversation.begin(record);
        unit.conversations.set(chatId, conversation);
        return conversation;
      },
      (channel) => this.chatOf(channel),
      (channel) => this.all().find(({ record }) => record.earlier?.includes(channel))?.id,
    );
    this.#store.deriveKeys(recordsOfMessage);
    try {
      const result = await work(unit);
      const written = Promise.withResolvers<void>();
      const early = this.#tellEarly(unit, written.promise);
      try {
        const batch = unit.batch();
        if (!unit.empty) await this.#write(unit, batch, early);
      } finally {
        for (const chatId of early) this.#arriving.delete(chatId);
        written.resolve();
      }
      this.#tell(unit, early);
      return result;
    } finally {
      for (const release of held.values()) release();
    }
  }

  /**
   * @param before only lines before this place
   * @param after only lines behind this place: the oldest of them, not the newest
   * @returns oldest first
   */
  async lines(chatId: string, before: string | undefined, limit: number, after?: string): Promise<LineRecord[]> {
    // A listener may have started after a line was reported and before it was written. It must find the line here.
    await this.#arriving.get(chatId);
    const records = await this.#store.range<LineRecord>("messages", keys.line(chatId, ""), {
      reverse: after === undefined,
      limit,
      ...(after !== undefined && { after: keys.line(chatId, after) }),
      ...(before !== undefined && { before: keys.line(chatId, before) }),
    });
    const lines = records.map(({ value }) => value);
    return after === undefined ? lines.reverse() : lines;
  }

  async #write(unit: UnitOfWork, batch: SealedBatch, early: ReadonlySet<string>): Promise<void> {
    try {
      await this.#store.write(batch);
    } catch (error) {
      // Whether the write reached the disk is unknown: the copies in memory may be old. A chat that can not be read
      // now is read before its next use, and shown as it was until then.
      for (const chatId of unit.conversations.keys()) this.#unsure.add(chatId);
      for (const chatId of unit.conversations.keys()) await this.#current(chatId).catch(() => {});
      for (const chatId of early) this.#feed.reread(chatId);
      // A guard that did not hold, and a storage without room, have written nothing.
      if (!(error instanceof GuardError || error instanceof StorageFullError)) unit.runInDoubt();
      throw error;
    }
  }

  /**
   * Received messages are shown while they are written, because writing takes longer than opening. A message
   * is acknowledged only when it is on disk, so it comes again if its write fails.
   *
   * @returns the chats whose lines were reported
   */
  #tellEarly(unit: UnitOfWork, written: Promise<void>): ReadonlySet<string> {
    const early = new Set<string>();
    for (const [chatId, { deleted, lines }] of unit.conversations) {
      if (
        deleted || lines.length === 0 || !lines.every((line) => line.kind === "message" && line.state === "received")
      ) continue;
      early.add(chatId);
      this.#arriving.set(chatId, written);
      this.#feed.items(chatId, lines.map(itemOf));
    }
    return early;
  }

  /** @returns the chat as it is on disk; undefined when there is none @throws StorageError */
  async #current(chatId: string): Promise<Conversation | undefined> {
    if (this.#unsure.has(chatId)) {
      await this.#reread(chatId);
      this.#unsure.delete(chatId);
    }
    return this.#conversations.get(chatId);
  }

  async #reread(chatId: string): Promise<void> {
    const stored = await this.#store.get<StoredConversation>("groups", chatId);
    if (!stored) {
      this.#drop(chatId);
      return;
    }
    await this.#keepStored(chatId, stored, await this.#store.get<PendingRecord>("pending", chatId));
  }

  async #keepStored(id: string, stored: StoredConversation, pending: PendingRecord | undefined): Promise<void> {
    const [version, found] = await Promise.all([
      this.#store.version(fromHex(id)),
      this.#withMembers(id, stored),
    ]);
    this.#keep({ id, ...found, state: undefined, ratchetKeys: new Set(), pending, version });
  }

  async #withMembers(
    chatId: string,
    stored: StoredConversation,
  ): Promise<Pick<Conversation, "record" | "storedMembers" | "storedDevices">> {
    const [reading, lastMessage, storedMembers, storedDevices] = await Promise.all([
      readingOf(this.#store, chatId, stored),
      currentMessage(this.#store, chatId, stored.lastMessage),
      stored.members ? undefined : this.#store.get<ConversationRecord["members"]>("epochs", keys.members(chatId)),
      this.#store.get<NonNullable<ConversationRecord["devices"]>>("epochs", keys.devices(chatId)),
    ]);
    const members = stored.members ?? storedMembers;
    if (!members) throw new StorageError("the members of a chat are missing");
    const known = { ...conversationFromStored(stored), reading, ...(lastMessage && { lastMessage }), members };
    const record = { ...known, ...(storedDevices && { devices: storedDevices }) };
    return { record, ...(storedMembers && { storedMembers }), ...(storedDevices && { storedDevices }) };
  }

  #tell(unit: UnitOfWork, early: ReadonlySet<string>): void {
    let listed = false;
    for (const [chatId, conversation] of unit.conversations) if (conversation.deleted) this.#drop(chatId);
    for (const conversation of unit.conversations.values()) {
      if (!conversation.deleted) this.#keep(conversation.result());
      listed ||= conversation.changed;
    }
    // The network comes before the views: waiting messages are sent while the views draw.
    unit.runOnceStored();
    for (const [chatId, conversation] of unit.conversations) {
      if (!conversation.deleted && conversation.lines.length > 0 && !early.has(chatId)) {
        this.#feed.items(chatId, conversation.lines.map(itemOf));
      }
      if (conversation.changes.erased.length > 0) this.#feed.erased(chatId, conversation.changes.erased);
    }
    if (listed) this.#feed.listChanged();
  }

  async #loaded(conversation: Conversation): Promise<Conversation> {
    if (conversation.state) return conversation;
    const [epoch, ratchets] = await Promise.all([
      this.#store.get<Bytes>("epochs", conversation.id),
      this.#store.range<Bytes>("ratchets", `${conversation.id}/`),
    ]);
    const records = ratchets.map(({ key, value }) => ({ key: key.slice(conversation.id.length + 1), bytes: value }));
    // Without an epoch record, the ratchet records that are left are deleted with the next state.
    if (!epoch) return { ...conversation, ratchetKeys: new Set(records.map(({ key }) => key)) };
    let state: GroupState;
    try {
      state = this.#mls.decodeState(epoch, records);
    } catch (error) {
      // A damaged state counts as lost. The group can re-add this device (specification §3.4).
      if (error instanceof MalformedError) {
        return {
          ...conversation,
          ratchetKeys: new Set(records.map(({ key }) => key)),
        };
      }
      throw error;
    }
    const loaded: Conversation = { ...conversation, state, ratchetKeys: new Set(records.map(({ key }) => key)) };
    this.#conversations.set(conversation.id, loaded);
    return loaded;
  }

  #mutex(chatId: string): Mutex {
    let mutex = this.#mutexes.get(chatId);
    if (!mutex) this.#mutexes.set(chatId, mutex = new Mutex());
    return mutex;
  }
}
