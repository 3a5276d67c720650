/**
 * Answers devices that ask for an own message which did not open there (specification §3.8).
 *
 * A device gets the message only if it is a member, and was one at the message's epoch.
 */

import { toHex } from "../../../schema/bytes.ts";
import { RecentCounts } from "../../runtime/recent_counts.ts";
import { devicesThere, type SentAt } from "../conversation/device_history.ts";
import { ownMessage } from "../conversation/moved_line.ts";
import { keys, type LineRecord } from "../conversation/records.ts";
import { outboxFromStored, type StoredOutbox } from "../conversation/outbox_record.ts";
import type { MessageLine } from "../conversation/message_line.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { DeviceMessageOf } from "../device_messages/device_messages.ts";
import { give } from "../device_messages/given.ts";
import { memberOf } from "../device_messages/peers.ts";
import { sentAt, sentContent } from "../send/resend.ts";

/** How many requests of one device are looked at in an hour, so that no device makes another one work. */
const maxAnswersPerHour = 10;
/** How often one message is given to one device in that time. */
const answersEach = 2;

/** Gives own messages to devices that ask for them. */
export class GivingAgain {
  readonly #context: SyncContext;
  readonly #mayGive: (chatId: string) => Promise<boolean>;
  /** Messages (ids as hex), by device as hex. */
  readonly #answered: RecentCounts;

  /** @param mayGive whether messages may be sent in a chat now (specification §1.6) */
  constructor(context: SyncContext, mayGive: (chatId: string) => Promise<boolean>) {
    this.#context = context;
    this.#mayGive = mayGive;
    this.#answered = new RecentCounts(() => context.environment.now());
  }

  /** @throws StorageError, TransportError, WireError: the device asks once more, or its line stays */
  async answer(chatId: string, message: DeviceMessageOf<"again">): Promise<void> {
    const { store } = this.#context;
    const messageId = toHex(message.content.messageId);
    const found = await memberOf(this.#context, chatId, message);
    if (!found || !this.#mayAnswer(toHex(message.from), messageId) || !await this.#mayGive(chatId)) return;
    const known = await ownMessage(this.#context, chatId, messageId);
    const line = known && await store.get<LineRecord>("messages", keys.line(chatId, known.order));
    if (line?.kind !== "message" || line.messageId !== messageId || !line.own || line.deleted) return;
    const sent = await this.#sentAt(chatId, line);
    if (!sent || devicesThere(found.record, [toHex(message.from)], sent).length === 0) return;
    const content = await sentContent(this.#context, chatId, found.record.firstChannelId, line);
    if (content) await give(this.#context, found.record, found.member, { messageId, sent, content });
  }

  /** The server may have passed a message on before its answer is here. @returns undefined for others' messages */
  async #sentAt(chatId: string, { order, sentIn, elsewhere }: MessageLine): Promise<SentAt | undefined> {
    if (elsewhere) return undefined;
    const stored = sentIn ? undefined : await this.#context.store.get<StoredOutbox>("outbox", keys.line(chatId, order));
    const at = sentIn ?? (stored && outboxFromStored(stored).sealed);
    return at && sentAt(chatId, at);
  }

  #mayAnswer(asker: string, messageId: string): boolean {
    if (
      this.#answered.count(asker) >= maxAnswersPerHour || this.#answered.count(asker, messageId) >= answersEach
    ) return false;
    this.#answered.note(asker, messageId);
    return true;
  }
}
