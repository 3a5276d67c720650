/** A unit of work: collects all changes of one storage write. */

import type { SealContext, SealedBatch, SealedPut, SealedStore } from "../../storage/sealed_store.ts";
import { toHex } from "../../../schema/bytes.ts";
import type { StoreName } from "../../storage/storage.ts";
import type { ConversationTransaction } from "./conversation_transaction.ts";
import type { Arrival } from "./line_changes.ts";
import type { ConversationRecord } from "./records.ts";

/** Conversations and single records that change together, written in one transaction. */
export class UnitOfWork {
  readonly #puts = new Map<string, SealedPut>();
  readonly #deletes = new Map<string, { store: StoreName; key: string }>();
  readonly #absent: { store: StoreName; key: string }[] = [];
  /** The entry that is handled now. Lines that it makes stand at its place. */
  arrival: Arrival | undefined;
  readonly conversations = new Map<string, ConversationTransaction>();
  readonly #afterwards: (() => void)[] = [];
  readonly #inDoubt: (() => void)[] = [];
  readonly #open: (chatId: string) => Promise<ConversationTransaction | undefined>;
  readonly #create: (record: ConversationRecord, chatId: string) => Promise<ConversationTransaction>;
  readonly #chatOf: (channel: string) => string | undefined;
  readonly #chatThatLeft: (channel: string) => string | undefined;

  constructor(
    open: (chatId: string) => Promise<ConversationTransaction | undefined>,
    create: (record: ConversationRecord, chatId: string) => Promise<ConversationTransaction>,
    chatOf: (channel: string) => string | undefined,
    chatThatLeft: (channel: string) => string | undefined,
  ) {
    this.#open = open;
    this.#create = create;
    this.#chatOf = chatOf;
    this.#chatThatLeft = chatThatLeft;
  }

  /**
   * @param channelId 32 bytes
   * @returns the chat that the channel belongs to, or would belong to; undefined for a channel that its
   *   conversation has left
   */
  chatOf(channelId: Uint8Array): string | undefined {
    const channel = toHex(channelId);
    for (const conversation of this.conversations.values()) {
      if (conversation.deleted) continue;
      if (toHex(conversation.record.channelId) === channel) return conversation.id;
      if (conversation.record.earlier?.includes(channel)) return undefined;
    }
    return this.#chatOf(channel);
  }

  /** @returns the chat that was in the channel and has moved on, also by this unit */
  chatThatLeft(channelId: Uint8Array): string | undefined {
    const channel = toHex(channelId);
    const here = [...this.conversations.values()].find(({ deleted, record }) =>
      !deleted && record.earlier?.includes(channel)
    );
    return here?.id ?? this.#chatThatLeft(channel);
  }

  /** @returns the chat to change, locked until the unit ends; undefined when there is none */
  async conversation(chatId: string): Promise<ConversationTransaction | undefined> {
    return this.conversations.get(chatId) ?? await this.#open(chatId);
  }

  /** Creates a chat, or replaces an inactive one. */
  async create(record: ConversationRecord, chatId: string = toHex(record.channelId)): Promise<ConversationTransaction> {
    return await this.#create(record, chatId);
  }

  put(store: StoreName, key: string, value: unknown, context?: SealContext): void {
    const id = `${store}:${key}`;
    this.#deletes.delete(id);
    this.#puts.set(id, context ? { store, key, value, context } : { store, key, value });
  }

  delete(store: StoreName, key: string): void {
    const id = `${store}:${key}`;
    this.#puts.delete(id);
    this.#deletes.set(id, { store, key });
  }

  /** @returns the value after this unit's write (undefined: deleted); undefined where the unit changes nothing */
  peek(store: StoreName, key: string): { value: unknown } | undefined {
    const id = `${store}:${key}`;
    if (this.#deletes.has(id)) return { value: undefined };
    const put = this.#puts.get(id);
    return put && { value: put.value };
  }

  /**
   * Reads a record as it will be after this unit's write.
   *
   * @param stored the storage, for a record that this unit does not change
   * @throws StorageError
   */
  async read<T>(stored: Pick<SealedStore, "get">, store: StoreName, key: string): Promise<T | undefined> {
    const changed = this.peek(store, key);
    return changed ? changed.value as T | undefined : await stored.get<T>(store, key);
  }

  /** Makes the write fail (GuardError) when there is such a record. */
  requireAbsent(store: StoreName, key: string): void {
    this.#absent.push({ store, key });
  }

  /** Runs after the write is on disk and memory has followed. */
  onceStored(run: () => void): void {
    this.#afterwards.push(run);
  }

  /** Runs when the write failed and may be on disk nevertheless. */
  ifInDoubt(run: () => void): void {
    this.#inDoubt.push(run);
  }

  get empty(): boolean {
    return this.#puts.size === 0 && this.#deletes.size === 0 && this.conversations.size === 0;
  }

  /** @returns the batch, which includes each conversation's own records */
  batch(): SealedBatch {
    for (const conversation of this.conversations.values()) conversation.writeTo(this);
    return {
      puts: [...this.#puts.values()],
      deletes: [...this.#deletes.values()],
      absent: this.#absent,
      versions: [...this.conversations.values()].filter((conversation) => conversation.changed).map((
        { storageId: channelId, version },
      ) => ({
        channelId,
        from: version,
        to: version + 1,
      })),
    };
  }

  runOnceStored(): void {
    for (const run of this.#afterwards) run();
  }

  runInDoubt(): void {
    for (const run of this.#inDoubt) run();
  }
}
