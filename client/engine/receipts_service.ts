/** Receipts of one signed-in device: what others have received and read, and what they are told. */

import type { MessageInfo, MessageRef, PrivacySettings, ReceiptMarks } from "../api/engine_api.ts";
import type { SyncContext } from "../sync/conversation/sync_context.ts";
import { Receipts } from "../sync/effects/receipts.ts";
import type { Outbox } from "../sync/send/outbox.ts";
import { ReceiptSender } from "../sync/send/receipt_sender.ts";

export class ReceiptsService {
  readonly #context: SyncContext;
  readonly #receipts: Receipts;
  /** Absent where this device tells nobody anything. */
  readonly #sender: ReceiptSender | undefined;
  readonly #report: (error: unknown) => void;
  #showsRead: boolean;

  /** @param sends whether this device tells others what it received */
  constructor(
    context: SyncContext,
    outbox: Outbox,
    { sends, report }: { sends: boolean; report: (error: unknown) => void },
  ) {
    this.#context = context;
    this.#receipts = new Receipts(context);
    this.#sender = sends ? new ReceiptSender(context, outbox, report) : undefined;
    this.#report = report;
    this.#showsRead = context.privacy.readReceipts;
  }

  /** Messages may be sent from now on. */
  connected(): void {
    this.#sender?.connected();
  }

  disconnected(): void {
    this.#sender?.disconnected();
  }

  close(): void {
    this.#sender?.close();
  }

  /** Something may be told now in this conversation. */
  due(chatId: string): void {
    this.#sender?.due(chatId);
  }

  /** An own message has got its place, or the members are others. */
  look(chatId: string): void {
    if (this.#sender) void this.#receipts.look(chatId).catch(this.#report);
    this.due(chatId);
  }

  /** Another device of the account has told so much. */
  toldElsewhere(chatId: string, told: ReceiptMarks): void {
    void this.#receipts.toldElsewhere(chatId, told).catch(this.#report);
  }

  /** If the user tells others less or more now, the marks of all conversations are others. */
  settingsChanged(): void {
    const { conversations, events, privacy } = this.#context;
    if (privacy.readReceipts === this.#showsRead) return;
    this.#showsRead = privacy.readReceipts;
    for (const { id } of conversations.all()) {
      void this.marks(id).then((marks) => events.emit("marks", id, marks)).catch(this.#report);
    }
  }

  /** What the user tells others. */
  get privacy(): Readonly<PrivacySettings> {
    return this.#context.privacy;
  }

  /** @throws EngineError */
  async changePrivacy({ readReceipts, typing }: Partial<PrivacySettings>): Promise<void> {
    await this.#context.account.settings.change((content) => ({
      ...content,
      ...(readReceipts !== undefined && { readReceipts }),
      ...(typing !== undefined && { typing }),
    }));
  }

  marks(chatId: string): Promise<ReceiptMarks> {
    return this.#receipts.marks(chatId);
  }

  info(chatId: string, message: MessageRef): Promise<MessageInfo | undefined> {
    return this.#receipts.info(chatId, message);
  }
}
