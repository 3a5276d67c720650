/** What a signed-in engine writes, receipts and profiles among it; and what of it disappears. */

import type { SyncContext } from "../sync/conversation/sync_context.ts";
import { Disappearing } from "../sync/effects/disappearing.ts";
import { Changes } from "../sync/send/changes.ts";
import { Messages } from "../sync/send/messages.ts";
import type { Outbox } from "../sync/send/outbox.ts";
import { Polls } from "../sync/send/polls.ts";
import { Files } from "./files.ts";
import { ReceiptsService } from "./receipts_service.ts";
import { Faces } from "./faces.ts";
import type { SignedInEngineOptions } from "./signed_in_context.ts";

/** The parts that put what the user writes into the outbox. */
export class Writing {
  readonly messages: Messages;
  readonly changes: Changes;
  readonly polls: Polls;
  readonly files: Files;
  readonly receipts: ReceiptsService;
  readonly faces: Faces;
  readonly disappearing: Disappearing;
  readonly #sendsFiles: boolean;

  /** @param report of errors that no call has */
  constructor(
    context: SyncContext,
    outbox: Outbox,
    { files, listener, sendsReceipts, sendsFiles, askTime }: SignedInEngineOptions,
    report: (error: unknown) => void,
  ) {
    this.#sendsFiles = sendsFiles;
    this.receipts = new ReceiptsService(context, outbox, { sends: sendsReceipts, report });
    context.events.on("marks", (chatId, marks) => listener.marks(chatId, marks));
    const changed = () => context.conversations.mark();
    this.faces = new Faces(context, outbox, { files, changed, report });
    this.disappearing = new Disappearing(context, askTime);
    this.messages = new Messages(context, outbox);
    this.changes = new Changes(context, outbox, this.messages);
    this.polls = new Polls(context, this.messages, this.changes);
    this.files = new Files(context, {
      outbox,
      files,
      messages: this.messages,
      changes: this.changes,
      tell: (transfer) => listener.transfer(transfer),
    });
  }

  /** Reads what waits, and what is shown of people. @throws StorageError */
  async load(): Promise<void> {
    await Promise.all([this.files.load(), this.faces.load()]);
  }

  /** Whether files are on their way, or the own profile is to be told. */
  get busy(): boolean {
    return this.files.busy || this.faces.busy;
  }

  /** The account's settings are others. */
  settingsChanged(): void {
    this.receipts.settingsChanged();
    this.faces.settingsChanged();
  }

  /** Messages may be sent from now on. */
  connected(): void {
    if (this.#sendsFiles) this.files.uploads.connected();
    this.receipts.connected();
    this.faces.connected();
  }

  disconnected(): void {
    this.files.uploads.disconnected();
    this.receipts.disconnected();
    this.faces.disconnected();
  }

  close(): void {
    this.files.close();
    this.receipts.close();
    this.faces.close();
    this.disappearing.close();
  }
}
