/** Files in messages: encrypting and sending them, and reading them piece by piece. */

import { utf8 } from "../../schema/bytes.ts";
import { maxAttachments, type OutgoingFile, type Transfer } from "../api/attachments.ts";
import { maxTextBytes, type MessageRef, type SendOptions } from "../api/engine_api.ts";
import { EngineError, LocalCode } from "../api/errors.ts";
import { referenceId, spoolName, type StoredAttachment } from "../attachments/attachment.ts";
import { BlobReader } from "../attachments/blob_reader.ts";
import { ciphertextLength, maxFileBytes } from "../attachments/pieces.ts";
import { sealFile } from "../attachments/sealed_file.ts";
import { SpoolFullError } from "../attachments/spool.ts";
import type { SpoolFiles } from "../attachments/spool_files.ts";
import { kindOf, mediaType } from "../content/attachment_part.ts";
import { safeFileName } from "../content/file_name.ts";
import { messageIdOf } from "../content/message_id.ts";
import { requireVisible } from "../content/visible_text.ts";
import { messageLine } from "../sync/conversation/line_lookup.ts";
import type { SyncContext } from "../sync/conversation/sync_context.ts";
import { AttachmentLines, type FileMessage } from "../sync/send/attachment_lines.ts";
import { type Changes, requireFeature } from "../sync/send/changes.ts";
import type { Messages } from "../sync/send/messages.ts";
import type { Outbox } from "../sync/send/outbox.ts";
import { Uploads } from "../sync/send/uploads.ts";
import type { UploadRecord } from "../sync/send/upload_record.ts";

/** Attachments that are read at the same time: each may hold a call at the server. */
const readersAtOnce = 4;
/** How far encrypting is, is told as seldom as this, in ms: a piece takes 15, and a page draws what it is told. */
const tellMs = 200;

/** What sending needs beside the context. */
export interface FilesParts {
  outbox: Outbox;
  files: SpoolFiles;
  messages: Messages;
  changes: Changes;
  tell(transfer: Transfer): void;
}

/** A message whose files are being encrypted. */
interface Sealing {
  abort: AbortController;
  done: Promise<void>;
  transfer?: Transfer;
  /** Names in the spool. */
  held: Set<string>;
}

/** The files of one signed-in device. */
export class Files {
  readonly uploads: Uploads;
  readonly #context: SyncContext;
  readonly #parts: FilesParts;
  readonly #lines: AttachmentLines;
  /** Messages whose files are being encrypted, by chat and id. */
  readonly #sealing = new Map<string, Sealing>();
  /** By the id of the whole reference, the one that was used last at the end. */
  readonly #readers = new Map<string, BlobReader>();

  constructor(context: SyncContext, parts: FilesParts) {
    this.#context = context;
    this.#parts = parts;
    this.#lines = new AttachmentLines(context, parts);
    this.uploads = new Uploads(context, this.#lines, parts.files, (transfer) => parts.tell(transfer));
    // Told before anything else may change the chat: no file that is ready now brings it back.
    context.events.on("erased", (chatId) => {
      for (const { abort } of this.#sealingIn(chatId).values()) abort.abort(givenUp());
    });
  }

  /** Reads what waits, and makes room in the spool. @throws StorageError */
  async load(): Promise<void> {
    await this.uploads.load();
    this.#parts.files.keep((name) => this.#isKept(name));
    this.#trim();
  }

  close(): void {
    for (const { abort } of this.#sealing.values()) abort.abort(new Error("the engine is closed"));
    this.uploads.close();
    for (const reader of this.#readers.values()) reader.close();
  }

  /** Whether files are being encrypted or sent. */
  get busy(): boolean {
    return this.#sealing.size > 0 || this.uploads.busy;
  }

  /**
   * Encrypts the files into the spool, then stores the message. The network comes after. A second call with the same id
   * sends nothing more.
   *
   * @throws EngineError L007, L010, L011, L016, L018, L032, L039, L044, L005
   */
  async send(
    chatId: string,
    messageId: string,
    files: OutgoingFile[],
    text: string,
    options: SendOptions,
  ): Promise<void> {
    if (!messageIdOf(messageId)) throw new EngineError({ code: LocalCode.internal, detail: "a message needs an id" });
    if (text !== "") requireVisible(text, "a message");
    requireSizes(files, text);
    const key = `${chatId}/${messageId}`;
    const begun = this.#sealing.get(key);
    if (begun) return await begun.done;
    const abort = new AbortController();
    const message = { text, replyTo: options.replyTo };
    const held = new Set<string>();
    const work = this.#sealAndStore(chatId, messageId, files, message, { signal: abort.signal, held });
    const done = work.finally(() => {
      this.#sealing.delete(key);
      this.#trim();
    });
    this.#sealing.set(key, { abort, done, held });
    await done;
  }

  pause(chatId: string, messageId: string): Promise<void> {
    return this.uploads.pause(chatId, messageId);
  }

  /** Goes on with an upload; or with the message, where its files are on the server and it was refused. */
  async resume(chatId: string, messageId: string): Promise<void> {
    if (this.uploads.has(chatId, messageId)) return await this.uploads.resume(chatId, messageId);
    if (await this.#lines.knows(chatId, messageId)) await this.#parts.messages.again(chatId, messageId);
  }

  /** What is being encrypted, sent, or waits for that. */
  transfers(): Transfer[] {
    const reading = [...this.#sealing.values()].flatMap(({ transfer }) => transfer ?? []);
    return [...reading, ...this.uploads.transfers()];
  }

  /** Gives up what is being encrypted or sent. What has gone to the chat can be deleted as any message. */
  async cancel(chatId: string, messageId: string): Promise<void> {
    const sealing = this.#sealing.get(`${chatId}/${messageId}`);
    if (!sealing) return await this.uploads.cancel(chatId, messageId);
    sealing.abort.abort(givenUp());
    await sealing.done.catch(() => {});
    // It may have been stored in the meantime.
    await this.uploads.cancel(chatId, messageId);
  }

  /** Gives up all that is being encrypted or sent in a chat. @throws StorageError */
  async cancelAll(chatId: string): Promise<void> {
    const sent = this.uploads.transfers().filter((transfer) => transfer.chatId === chatId);
    const ids = [...this.#sealingIn(chatId).keys(), ...sent.map(({ messageId }) => messageId)];
    for (const messageId of new Set(ids)) await this.cancel(chatId, messageId);
  }

  /** By message id. */
  #sealingIn(chatId: string): Map<string, Sealing> {
    const start = `${chatId}/`;
    const those = [...this.#sealing].filter(([key]) => key.startsWith(start));
    return new Map(those.map(([key, sealing]) => [key.slice(start.length), sealing]));
  }

  /** Deletes any message. One whose files are not on the server has gone to nobody. @throws as the method of Changes */
  async delete(chatId: string, message: MessageRef, whose: "ForMe" | "ForEveryone"): Promise<void> {
    if (this.uploads.has(chatId, message.messageId)) return await this.cancel(chatId, message.messageId);
    await this.#parts.changes[`delete${whose}`](chatId, message);
  }

  /**
   * Sends the files of a message to other chats, with its text. They stay where they are: the server keeps them longer.
   *
   * @returns false where the message has no files
   * @throws EngineError L007, L010, L016, L018, L044
   */
  async forward(chatId: string, from: MessageRef, to: { chatId: string; messageId: string }[]): Promise<boolean> {
    const line = await messageLine(this.#context, chatId, from);
    const attachments = line?.attachments as StoredAttachment[] | undefined;
    if (!attachments) return false;
    for (const other of to) {
      if (await this.#lines.knows(other.chatId, other.messageId)) continue;
      await this.#requireAllowed(other.chatId);
      const record = { ...other, blobs: attachments.map(waitingBlobOf) };
      await this.#lines.append(record, { text: line!.text, attachments });
      this.uploads.add(record);
    }
    return true;
  }

  /**
   * @param index of the attachment
   * @param piece of it, from 0
   * @returns see {@link BlobReader.piece}
   * @throws EngineError L039, E031, L001
   */
  async piece(chatId: string, message: MessageRef, index: number, piece: number): Promise<Uint8Array<ArrayBuffer>> {
    const line = await messageLine(this.#context, chatId, message);
    const attachment = (line?.attachments as StoredAttachment[] | undefined)?.[index];
    if (!attachment) throw new EngineError({ code: LocalCode.badFile, detail: "the message has no such attachment" });
    return await this.#reader(attachment).piece(piece);
  }

  async #sealAndStore(
    chatId: string,
    messageId: string,
    files: OutgoingFile[],
    message: Omit<FileMessage, "attachments">,
    { signal, held }: { signal: AbortSignal; held: Set<string> },
  ): Promise<void> {
    if (await this.#lines.knows(chatId, messageId)) return await this.uploads.resume(chatId, messageId);
    await this.#requireAllowed(chatId);
    const attachments: StoredAttachment[] = [];
    const total = files.reduce((sum, { source }) => sum + ciphertextLength(source.size), 0);
    let before = 0;
    let toldMs = -Infinity;
    const progress = (done: number) => {
      const transfer: Transfer = { chatId, messageId, state: "reading", done: before + done, total };
      const sealing = this.#sealing.get(`${chatId}/${messageId}`);
      if (sealing) sealing.transfer = transfer;
      const nowMs = this.#context.environment.now();
      if (Math.abs(nowMs - toldMs) < tellMs) return;
      toldMs = nowMs;
      this.#parts.tell(transfer);
    };
    progress(0);
    try {
      for (const file of files) {
        const blob = await sealFile(file.source, this.#parts.files.spool, progress, signal, (name) => held.add(name));
        attachments.push(attachmentOf(file, blob));
        before += ciphertextLength(file.source.size);
      }
      const record: UploadRecord = { chatId, messageId, blobs: attachments.map(waitingBlobOf) };
      await this.#lines.append(record, { ...message, attachments }, signal);
      delete this.#sealing.get(`${chatId}/${messageId}`)?.transfer;
      this.uploads.add(record);
    } catch (error) {
      for (const name of held) await this.#parts.files.remove(name).catch(() => {});
      this.#parts.tell({ chatId, messageId, state: "cancelled", done: 0, total });
      if (!(error instanceof SpoolFullError)) throw error;
      throw new EngineError({ code: LocalCode.storage, detail: "the device has no room for the file" });
    }
  }

  /** Asked before anything is encrypted. @throws EngineError L007, L016, L044 */
  async #requireAllowed(chatId: string): Promise<void> {
    const conversation = this.#context.conversations.get(chatId);
    if (conversation) requireFeature(conversation, "attachments");
    await this.#parts.messages.requireUnchanged(chatId);
  }

  #reader(attachment: StoredAttachment): BlobReader {
    const id = referenceId(attachment.blob, attachment.size);
    const { rpc, environment } = this.#context;
    const reader = this.#readers.get(id) ?? new BlobReader(rpc, this.#parts.files, attachment, environment);
    this.#readers.delete(id);
    this.#readers.set(id, reader);
    for (const [oldest, unused] of [...this.#readers].slice(0, -readersAtOnce)) {
      if (unused.busy) continue;
      this.#readers.delete(oldest);
      unused.close();
    }
    return reader;
  }

  #trim(): void {
    // A spool that can not be read is found out by whoever needs it.
    void this.#parts.files.trim().catch(() => {});
  }

  /** Whether a file of the spool is being encrypted or sent. */
  #isKept(name: string): boolean {
    return this.uploads.kept.has(name) || [...this.#sealing.values()].some(({ held }) => held.has(name));
  }
}

function givenUp(): EngineError {
  return new EngineError({ code: LocalCode.badFile, detail: "the user has given it up" });
}

function requireSizes(files: OutgoingFile[], text: string): void {
  const tooLarge = (detail: string) => new EngineError({ code: LocalCode.tooLarge, detail });
  if (files.length === 0 || files.length > maxAttachments) throw tooLarge(`1 to ${maxAttachments} files a message`);
  if (files.some(({ source }) => source.size > maxFileBytes)) throw tooLarge(`a file of at most ${maxFileBytes} bytes`);
  if (utf8(text).length > maxTextBytes) throw tooLarge(`a text of at most ${maxTextBytes} bytes`);
}

function attachmentOf({ source, voice, name, type: given, ...shown }: OutgoingFile, blob: StoredAttachment["blob"]) {
  const type = mediaType(given);
  const { description, width, height, durationMs, thumbhash, waveform } = shown;
  return {
    name: safeFileName(name),
    type,
    kind: kindOf(type, voice === true),
    size: source.size,
    ...(description && { description }),
    ...(width !== undefined && height !== undefined && { width, height }),
    ...(durationMs !== undefined && { durationMs: Math.round(durationMs) }),
    ...(thumbhash && { thumbhash }),
    ...(waveform && { waveform }),
    blob,
  };
}

function waitingBlobOf({ size, blob }: StoredAttachment): UploadRecord["blobs"][number] {
  return { sha256: blob.sha256, length: ciphertextLength(size), spool: spoolName(blob, size) };
}
