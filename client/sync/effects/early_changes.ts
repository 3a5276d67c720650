/**
 * Changes that arrived before their message: they are kept until it arrives (specification §7.5).
 *
 * A delete can arrive before its message, too. It replaces all kept changes of its account for that message, so
 * that no text of a deleted message stays on the disk.
 */

import { type Bytes, fromHex } from "../../../schema/bytes.ts";
import type { Wait } from "../../content/content_kind.ts";
import { deletionOf, readContent } from "../../content/registry.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import { keys, seenForMs } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";

/** How many changes of one account are kept for one message. Further changes are dropped, except a delete. */
const maxOfAccount = 8;
/** How many changes of all accounts are kept for one message, without deletes. Each rewrites the whole record. */
const maxOfMessage = 64;
/** The longest kept change, in bytes of its container. */
const maxBytes = 20 * 1024;

/** In "messageids", by the MIMI id of a message that has not arrived yet: its changes. Kept 30 days. */
interface EarlyRecord {
  atMs: number;
  /** In the order of arrival. */
  changes: EarlyChange[];
  /**
   * Present where the MIMI id is that of an edit that is itself kept: the edit's account key and the MIMI id of
   * the message that it edits, both as hex.
   */
  edits?: { senderKey: string; id: string };
}

export interface EarlyChange {
  /** The change's own MIMI id as hex. */
  id: string;
  /** hex, 16 bytes: the wire's messageId */
  messageId: string;
  sender: string;
  /** hex */
  senderKey: string;
  atMs: number;
  /** The container's bytes. */
  content: Bytes;
  /** Its device was known to be revoked when it came. */
  revokedDevice?: true;
  /** Present on a delete. */
  deletes?: true;
}

/** The kept changes of one conversation, in one unit of work. */
export class EarlyChanges {
  readonly #context: SyncContext;
  readonly #unit: UnitOfWork;
  readonly #conversation: ConversationTransaction;

  constructor(context: SyncContext, unit: UnitOfWork, conversation: ConversationTransaction) {
    this.#context = context;
    this.#unit = unit;
    this.#conversation = conversation;
  }

  /**
   * Keeps a change until its message arrives, within the limits above.
   *
   * @param wait the effect of the change
   * @param names the MIMI id in the change, as hex: of the message, or of an edit of that message
   * @throws StorageError
   */
  async keep(change: EarlyChange, wait: Wait, names: string): Promise<void> {
    const edit = (await this.#read(names))?.edits;
    const of = edit?.senderKey === change.senderKey ? edit.id : names;
    const record = await this.#read(of);
    const changes = record?.changes ?? [];
    const own = changes.filter(({ senderKey }) => senderKey === change.senderKey);
    // After its own delete an account can change nothing more in the message.
    if (own.some(({ deletes }) => deletes)) return this.forget(change.id);
    if (wait.deletes) {
      for (const { id } of own) this.forget(id);
      const others = changes.filter(({ senderKey }) => senderKey !== change.senderKey);
      // The number of deletes has no limit, so their length has one: padding of the sender is left out.
      const deletion: EarlyChange = { ...change, content: deletionOf(fromHex(of)), deletes: true };
      return this.#write(of, { ...record, changes: [...others, deletion] });
    }
    if (own.some(({ id }) => id === change.id)) return;
    const counted = changes.filter(({ deletes }) => !deletes);
    if (change.content.length > maxBytes || own.length >= maxOfAccount || counted.length >= maxOfMessage) {
      return this.forget(change.id);
    }
    this.#write(of, { ...record, changes: [...changes, change] });
    if (wait.edits) await this.#join(change, of);
  }

  /**
   * Moves the account's own changes of its edit to the message. A delete that names the message or any edit of
   * it then finds all texts of the account in one record.
   */
  async #join({ id, senderKey }: EarlyChange, of: string): Promise<void> {
    const { changes = [] } = await this.#read(id) ?? {};
    this.#write(id, {
      changes: changes.filter((change) => change.senderKey !== senderKey),
      edits: { id: of, senderKey },
    });
    for (const change of changes.filter((change) => change.senderKey === senderKey)) {
      const read = readContent(change.content);
      const effect = read.kind === "read" ? read.message.apply(change, undefined) : undefined;
      if (effect?.kind === "wait") await this.keep(change, effect, of);
    }
  }

  /**
   * @returns the kept changes that waited for this message, in the order of arrival; they are kept no longer
   * @throws StorageError
   */
  async take(id: string): Promise<EarlyChange[]> {
    // Saves a read for each message where no change is kept, which is nearly always.
    if (this.#context.account.clock.now() >= (this.#conversation.record.aheadUntilMs ?? 0)) return [];
    const kept = await this.#read(id);
    if (!kept) return [];
    this.forget(id);
    return kept.changes;
  }

  /** Drops the changes that wait for a message, or for a change, that will have no effect. */
  forget(id: string): void {
    this.#unit.delete("messageids", keys.earlyChanges(this.#conversation.id, id));
  }

  async #read(id: string): Promise<EarlyRecord | undefined> {
    const key = keys.earlyChanges(this.#conversation.id, id);
    return await this.#unit.read<EarlyRecord>(this.#context.store, "messageids", key);
  }

  #write(id: string, record: Omit<EarlyRecord, "atMs">): void {
    const nowMs = this.#context.account.clock.now();
    const kept: EarlyRecord = { ...record, atMs: nowMs };
    this.#unit.put("messageids", keys.earlyChanges(this.#conversation.id, id), kept);
    this.#conversation.set({ aheadUntilMs: nowMs + seenForMs });
  }
}
