/**
 * Applies a message's content to its conversation: a new line, or a change of an earlier line. A change of a
 * message that has not arrived yet is kept, and applied when that message arrives (specification §7.5).
 */

import { type Bytes, toHex } from "../../../schema/bytes.ts";
import type { MessageContent } from "../../api/engine_api.ts";
import type { Effect, Target } from "../../content/content_kind.ts";
import { accountUri, mimiMessageId, roomUri } from "../../content/message_id.ts";
import { readContent, type ReadMessage } from "../../content/registry.ts";
import type { MimiContent } from "../../content/mimi_content.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import { stayOf } from "../conversation/expiry.ts";
import { contentOf, type MessageLine, withContent } from "../conversation/message_line.ts";
import { moveLine } from "../conversation/moved_line.ts";
import { isWaitingKey } from "../conversation/places.ts";
import { hasReceipts } from "../conversation/receipt_marks.ts";
import { type EditedRecord, firstBytesForMs, keys, type LineRecord, type SeenRecord } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";
import { type EarlyChange, EarlyChanges } from "./early_changes.ts";
import { type ReceivedProfile, takeProfile } from "./profiles.ts";
import { type ReceivedReceipt, takeReceipt } from "./receipts.ts";

/** How many kept changes are applied when their message arrives, without deletes; further changes are dropped. */
const maxChangesAtOnce = 64;

/** A decrypted message. */
export interface ReceivedMessage {
  /** hex, 16 bytes: the wire's messageId */
  messageId: string;
  sender: { username: string; /** 32 bytes */ accountKey: Bytes };
  receivedMs: number;
  /** In which it was sealed, where that is known. */
  epoch?: number;
  /** The sender's device is known to be revoked (GRP-6.6). */
  revokedDevice?: boolean;
  /** The container's bytes. */
  content: Bytes;
  /** The place that was kept for its line; else the line stands at the end. */
  place?: string;
}

/** A decoded message whose effects are not in the conversation yet. */
interface ReadyMessage extends EarlyChange {
  message: ReadMessage;
  /** When it disappears, as its sender says. */
  expires?: MimiContent["expires"];
  /** `of`: the MIMI id by which its line is found. */
  target: (Target & { line: MessageLine; of: string }) | undefined;
  effect: Effect;
  place?: string;
}

/** "hidden": from a person whom the user blocks. Receipts and profiles are no messages: nothing keeps their ids. */
export type Ready =
  | ({ kind: "read" } & ReadyMessage)
  | ({ kind: "receipt" } & ReceivedReceipt)
  | ({ kind: "profile" } & ReceivedProfile)
  | { kind: "hidden" }
  | { kind: "malformed"; who: string; atMs: number };

/** Applies the contents of one conversation's messages in one unit of work. */
export class ContentEffects {
  readonly #context: SyncContext;
  readonly #unit: UnitOfWork;
  readonly #conversation: ConversationTransaction;
  readonly #careful: boolean;
  readonly #early: EarlyChanges;

  /**
   * @param careful true: reads whether the message's MIMI id has a line already. false: the write fails
   *   (GuardError) if it has one, which saves a read for each message
   */
  constructor(context: SyncContext, unit: UnitOfWork, conversation: ConversationTransaction, careful: boolean) {
    this.#context = context;
    this.#unit = unit;
    this.#conversation = conversation;
    this.#careful = careful;
    this.#early = new EarlyChanges(context, unit, conversation);
  }

  /**
   * Reads a message and finds what it is about. Nothing changes. The sender is the MLS leaf (GRP-1).
   *
   * @throws StorageError
   */
  async read(message: ReceivedMessage): Promise<Ready> {
    const { messageId, sender, receivedMs, revokedDevice, content, place, epoch } = message;
    const { username, accountKey } = sender;
    const read = readContent(content);
    const isBlocked = this.#context.account.settings.isBlocked(toHex(accountKey));
    if (read.kind === "malformed" && isBlocked) return { kind: "hidden" };
    if (read.kind === "malformed") return { kind: "malformed", who: username, atMs: receivedMs };
    if (read.kind === "receipt") {
      const receipt = revokedDevice || isBlocked ? {} : read.receipt;
      return { kind: "receipt", receipt, senderKey: toHex(accountKey), atMs: receivedMs };
    }
    if (read.kind === "profile") {
      // That of a blocked person is kept and not shown: the block may end.
      const profile = revokedDevice ? undefined : read.profile;
      const known = epoch !== undefined && { epoch };
      return { kind: "profile", profile, senderKey: toHex(accountKey), atMs: receivedMs, ...known };
    }
    const room = roomUri(this.#conversation.record.firstChannelId);
    const id = toHex(await mimiMessageId(accountUri(accountKey), room, content, read.salt));
    const change: EarlyChange = {
      id,
      messageId,
      sender: username,
      senderKey: toHex(accountKey),
      atMs: receivedMs,
      content,
      ...(revokedDevice && { revokedDevice }),
    };
    const ready = await this.#ready(change, read.message);
    if (isBlocked && !deletes(ready.effect)) return { kind: "hidden" };
    return { kind: "read", ...ready, expires: read.expires, ...(place !== undefined && { place }) };
  }

  /**
   * Applies the message, and then the kept changes that waited for it.
   *
   * @returns the place of the line that was made or changed; empty where there is none
   * @throws StorageError
   */
  async carryOut(ready: Ready): Promise<string> {
    if (ready.kind === "hidden") return "";
    if (ready.kind === "malformed") {
      this.#conversation.notice("rejected", { code: "content", who: ready.who }, ready.atMs);
      return "";
    }
    if (ready.kind === "receipt") {
      await takeReceipt(this.#context, this.#unit, this.#conversation, ready);
      return "";
    }
    if (ready.kind === "profile") {
      await takeProfile(this.#context, this.#unit, this.#conversation, ready);
      return "";
    }
    const order = await this.#carryOut(ready);
    const known = order === "" ? [] : [ready.id];
    for (let made = 0; known.length > 0;) {
      for (const change of await this.#early.take(known.shift()!)) {
        const isOver = !change.deletes && made++ >= maxChangesAtOnce;
        if (!isOver && await this.#makeKept(change)) known.push(change.id);
        else this.#early.forget(change.id);
      }
    }
    return order;
  }

  /** @returns whether the change had an effect, so that the changes that wait for it can have one */
  async #makeKept(change: EarlyChange): Promise<boolean> {
    const read = readContent(change.content);
    if (read.kind !== "read") return false;
    const ready = await this.#ready(change, read.message);
    // It names an edit that had no effect. That edit does not come again, so there is nothing to wait for.
    return ready.effect.kind !== "wait" && await this.#carryOut(ready) !== "";
  }

  async #ready(received: EarlyChange, message: ReadMessage): Promise<ReadyMessage> {
    const target = message.refersTo && await this.#target(toHex(message.refersTo));
    // Its user has deleted the line here: there is nothing to change, and nothing to wait for.
    if (target === "erased") return { ...received, message, target: undefined, effect: { kind: "nothing" } };
    return { ...received, message, target, effect: message.apply(received, target) };
  }

  async #carryOut(ready: ReadyMessage): Promise<string> {
    const { id, sender, atMs, effect, message, target } = ready;
    switch (effect.kind) {
      case "append":
        return await this.#appendOnce(ready, effect.content);
      case "change": {
        const { partId } = effect;
        // A reaction marks nothing: the line is of somebody else, or says nothing new.
        const isMarked = ready.revokedDevice && (partId ?? target!.partId) === undefined;
        const line = isMarked ? { ...target!.line, revokedDevice: true as const } : target!.line;
        const { order } = await this.#change(line, target!.of, effect.content);
        return this.#note(id, {
          order,
          atMs,
          ...(partId !== undefined && { reaction: partId }),
          ...(isWaitingKey(order) && { of: target!.of }),
        });
      }
      case "wait":
        await this.#early.keep(keptOf(ready), effect, toHex(message.refersTo!));
        return "";
      case "refused":
        this.#conversation.notice("rejected", { code: "content", who: sender }, atMs);
        return "";
      case "nothing":
        return "";
    }
  }

  /** Appends no second line for the same bytes under another messageId (specification §7.2). */
  async #appendOnce(ready: ReadyMessage, content: MessageContent): Promise<string> {
    const { id, atMs } = ready;
    const key = keys.mimi(this.#conversation.id, id);
    const known = this.#careful
      ? await this.#unit.read<SeenRecord>(this.#context.store, "messageids", key)
      : this.#unit.peek("messageids", key)?.value as SeenRecord | undefined;
    if (known) return known.order;
    if (!this.#careful) this.#unit.requireAbsent("messageids", key);
    return this.#note(id, { order: this.#append(ready, content), atMs });
  }

  #append(
    { id, messageId, sender, senderKey, atMs, revokedDevice, content: bytes, message, place, expires }: ReadyMessage,
    content: MessageContent,
  ): string {
    const own = senderKey === this.#context.ownKey;
    const stay = stayOf(expires, atMs);
    // An own message runs from its sending, a received one from its reading.
    const startMs = Math.min(atMs, this.#context.account.clock.now());
    const hasBegun = stay && (own || stay.fromArrival);
    if (hasBegun) this.#unit.onceStored(() => this.#context.events.emit("timed"));
    if (!own) this.#toTell();
    return this.#conversation.append(
      {
        kind: "message",
        messageId,
        sender,
        senderKey,
        own,
        ...(own && { elsewhere: true as const }),
        ...(revokedDevice && { revokedDevice }),
        atMs,
        state: own ? "sent" : "received",
        mimiId: id,
        ...(stay && { timerMs: stay.timerMs }),
        ...(hasBegun && { untilMs: startMs + stay.timerMs }),
        ...content,
        ...(content.unsupported && { content: bytes }),
      },
      message.countsAsUnread && !own,
      place,
    );
  }

  /** From the first message on, the others are to be told what was received, also after a restart. */
  #toTell(): void {
    const { id, record } = this.#conversation;
    if (hasReceipts(record) && !record.receipts) this.#conversation.set({ receipts: { delivered: "", read: "" } });
    this.#unit.onceStored(() => this.#context.events.emit("received", id));
  }

  async #change(line: MessageLine, mimiId: string, content: MessageContent): Promise<MessageLine> {
    const conversation = this.#conversation;
    const isDeleted = content.deleted === true;
    let changed = this.#withoutOldBytes(line, withContent(line, content));
    if (isDeleted && isWaitingKey(line.order) && line.content) {
      // The server has taken it, and nobody waits for its answer any more.
      changed = { ...changed, order: conversation.reservePlace() };
      const moving = { from: line.order, content: line.content, mimiId };
      await moveLine(this.#context, this.#unit, conversation, changed, moving);
    } else conversation.change(changed);
    if (line.own) {
      if (isDeleted) this.#unit.delete("outbox", keys.line(conversation.id, line.order));
      this.#unit.onceStored(() => this.#context.events.emit("lineChanged", conversation.id, line.order, isDeleted));
    }
    return changed;
  }

  /** Drops the first bytes and versions of an edited line that is too old for a resend (specification §7.6). */
  #withoutOldBytes(before: MessageLine, changed: MessageLine): MessageLine {
    const { content, ...bare } = changed;
    if (!content || !changed.edited) return changed;
    if (!before.own || before.elsewhere) return bare;
    const nowMs = this.#context.account.clock.now();
    const { order, sentIn } = before;
    const { atMs = nowMs } = sentIn ?? {};
    if (atMs + firstBytesForMs < nowMs) {
      const { versions: _gone, ...newest } = bare;
      return newest;
    }
    const { id: chatId } = this.#conversation;
    if (!before.edited) {
      this.#unit.put("messageids", keys.edited(chatId, order), { chatId, order, atMs } satisfies EditedRecord);
    }
    return changed;
  }

  async #target(id: string): Promise<ReadyMessage["target"] | "erased"> {
    const conversation = this.#conversation;
    const seen = await this.#seen(id);
    if (!seen) return undefined;
    if (seen.erased) return "erased";
    const { of = id, reaction } = seen;
    // The message that it changed may have had no place when the change came.
    const { order } = of === id ? seen : await this.#seen(of) ?? seen;
    const line = conversation.lines.findLast((changed) => changed.order === order) ??
      await this.#context.store.get<LineRecord>("messages", keys.line(conversation.id, order));
    if (line?.kind !== "message") return undefined;
    const { messageId, senderKey } = line;
    return {
      line,
      of,
      order,
      messageId,
      senderKey,
      content: contentOf(line),
      ...(reaction !== undefined && { partId: reaction }),
    };
  }

  async #seen(id: string): Promise<SeenRecord | undefined> {
    const key = keys.mimi(this.#conversation.id, id);
    return await this.#unit.read<SeenRecord>(this.#context.store, "messageids", key);
  }

  #note(id: string, seen: SeenRecord): string {
    this.#unit.put("messageids", keys.mimi(this.#conversation.id, id), seen);
    return seen.order;
  }
}

function keptOf({ id, messageId, sender, senderKey, atMs, revokedDevice, content }: ReadyMessage): EarlyChange {
  return { id, messageId, sender, senderKey, atMs, ...(revokedDevice && { revokedDevice }), content };
}

/** What a blocked person takes back goes all the same. */
function deletes(effect: Effect): boolean {
  return effect.kind === "wait" ? effect.deletes === true : effect.kind === "change" && effect.content.deleted === true;
}
