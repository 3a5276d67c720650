/** The queue of files that go to the server before their messages, and how far each is. */

import { equalBytes } from "../../../schema/bytes.ts";
import { ErrorCode, isWireError } from "../../../schema/rpc/errors.ts";
import { engineError, isDisconnection } from "../../account/errors.ts";
import type { Transfer } from "../../api/attachments.ts";
import { dropBlob, uploadBlob, type WaitingBlob } from "../../attachments/blob_upload.ts";
import type { SpoolFiles } from "../../attachments/spool_files.ts";
import { backoffMs } from "../../runtime/backoff.ts";
import { Timers } from "../../runtime/timers.ts";
import { uploadPrefix } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { AttachmentLines } from "./attachment_lines.ts";
import { uploadKey, type UploadRecord } from "./upload_record.ts";

/** Messages whose files are sent at the same time. */
const uploadsAtOnce = 2;
/** A server that asks to wait longer has no room: the user decides. */
const longestWaitMs = 60_000;

/** An upload in memory. */
interface Upload {
  record: UploadRecord;
  /** Bytes that the server has of it, as far as is known. */
  done: number;
  /** While it runs. */
  running?: { abort: AbortController; over: Promise<void> };
  failures: number;
  /** It was given up. */
  isOver?: true;
}

/** Sends files while there is a connection. */
export class Uploads {
  readonly #context: SyncContext;
  readonly #lines: AttachmentLines;
  readonly #files: SpoolFiles;
  readonly #tell: (transfer: Transfer) => void;
  readonly #uploads = new Map<string, Upload>();
  readonly #pauses: Timers;
  #connected = false;
  #closed = false;

  constructor(context: SyncContext, lines: AttachmentLines, files: SpoolFiles, tell: (transfer: Transfer) => void) {
    this.#context = context;
    this.#lines = lines;
    this.#files = files;
    this.#tell = tell;
    this.#pauses = new Timers(context.environment);
  }

  /** Reads what waits. @throws StorageError */
  async load(): Promise<void> {
    for (const { key, value } of await this.#context.store.range<UploadRecord>("account", uploadPrefix)) {
      this.#uploads.set(key, { record: value, done: 0, failures: 0 });
    }
  }

  connected(): void {
    this.#connected = true;
    this.#start();
  }

  disconnected(): void {
    this.#connected = false;
    for (const { running } of this.#uploads.values()) running?.abort.abort(new Error("the connection is lost"));
  }

  close(): void {
    this.#closed = true;
    this.#pauses.close();
    this.disconnected();
  }

  /** Whether files are on their way, or go on by themselves. */
  get busy(): boolean {
    return [...this.#uploads.values()].some(({ record }) => !record.paused && record.failed === undefined);
  }

  /** Names in the spool that must stay. */
  get kept(): Set<string> {
    return new Set([...this.#uploads.values()].flatMap(({ record }) => record.blobs.map(({ spool }) => spool)));
  }

  transfers(): Transfer[] {
    return [...this.#uploads.values()].map(transferOf);
  }

  has(chatId: string, messageId: string): boolean {
    return this.#uploads.has(uploadKey({ chatId, messageId }));
  }

  /** The record is on disk, with its line. */
  add(record: UploadRecord): void {
    const upload: Upload = { record, done: 0, failures: 0 };
    this.#uploads.set(uploadKey(record), upload);
    this.#tell(transferOf(upload));
    this.#start();
  }

  /** Stops an upload until {@link resume}. @throws StorageError */
  async pause(chatId: string, messageId: string): Promise<void> {
    const upload = this.#uploads.get(uploadKey({ chatId, messageId }));
    if (!upload || upload.record.paused) return;
    await this.#keep(upload, { ...upload.record, paused: true });
    await stop(upload);
  }

  /** Goes on with an upload that was stopped or has failed. @throws StorageError */
  async resume(chatId: string, messageId: string): Promise<void> {
    const upload = this.#uploads.get(uploadKey({ chatId, messageId }));
    if (!upload) return;
    const { paused: _paused, failed: _failed, ...record } = upload.record;
    upload.failures = 0;
    await this.#keep(upload, record);
    this.#start();
  }

  /** Gives an upload up for good, with its message. @throws StorageError */
  async cancel(chatId: string, messageId: string): Promise<void> {
    const upload = this.#uploads.get(uploadKey({ chatId, messageId }));
    if (!upload) return;
    upload.isOver = true;
    await stop(upload);
    // The message may have gone into the outbox by then.
    if (!this.#uploads.delete(uploadKey(upload.record))) return;
    await this.#lines.cancel(upload.record);
    this.#tell({ ...transferOf(upload), state: "cancelled" });
    for (const blob of upload.record.blobs) {
      // What was forwarded while it was on its way is sent by several messages.
      if (this.#isSent(blob)) continue;
      await this.#files.remove(blob.spool);
      if (this.#connected) await dropBlob(this.#context.rpc, blob).catch(() => {});
    }
  }

  /** Whether an upload has the same ciphertext: on the device, or at the server. */
  #isSent({ spool, sha256 }: WaitingBlob): boolean {
    const all = [...this.#uploads.values()].flatMap(({ record }) => record.blobs);
    return all.some((other) => other.spool === spool || equalBytes(other.sha256, sha256));
  }

  async #keep(upload: Upload, record: UploadRecord): Promise<void> {
    upload.record = record;
    if (!await this.#lines.tell(record)) return;
    this.#tell(transferOf(upload));
  }

  #start(): void {
    if (!this.#connected || this.#closed) return;
    for (const [key, upload] of this.#uploads) {
      const { record: { paused, failed }, running, isOver } = upload;
      const isDue = !running && !isOver && !paused && failed === undefined && !this.#pauses.has(key);
      const count = [...this.#uploads.values()].filter((one) => one.running).length;
      if (count >= uploadsAtOnce) return;
      if (isDue) this.#run(key, upload);
    }
  }

  #run(key: string, upload: Upload): void {
    const abort = new AbortController();
    const work = async () => {
      try {
        await this.#send(upload, abort.signal);
        await this.#lines.release(upload.record);
        this.#uploads.delete(key);
        this.#tell({ ...transferOf(upload), state: "done" });
      } catch (error) {
        if (!abort.signal.aborted && !this.#closed) await this.#failed(key, upload, error);
      } finally {
        delete upload.running;
      }
    };
    upload.running = { abort, over: work().catch((error) => this.#report(error)).finally(() => this.#start()) };
  }

  async #send(upload: Upload, signal: AbortSignal): Promise<void> {
    const { rpc, environment } = this.#context;
    let before = 0;
    for (const blob of upload.record.blobs) {
      const progress = (have: number) => {
        // It may have been stopped since.
        if (signal.aborted) return;
        upload.done = before + have;
        upload.failures = 0;
        this.#tell(transferOf(upload));
      };
      await uploadBlob(rpc, this.#files, blob, progress, signal, () => environment.now());
      before += blob.length;
    }
  }

  async #failed(key: string, upload: Upload, error: unknown): Promise<void> {
    const { code, retryAfterMs = 0 } = engineError(error).problem;
    const isFull = isWireError(error, ErrorCode.quotaExceeded) && (retryAfterMs === 0 || retryAfterMs > longestWaitMs);
    const isFinal = isFull || finalCodes.has(code);
    if (isFinal) return await this.#keep(upload, { ...upload.record, failed: code });
    // A lost connection starts it again by `connected`, if it comes back before this.
    const delayMs = Math.max(retryAfterMs, backoffMs(++upload.failures, this.#context.environment.random()));
    this.#pauses.start(key, delayMs, () => this.#start());
  }

  #report(error: unknown): void {
    if (!this.#closed && !isDisconnection(error)) this.#context.problem(engineError(error).problem);
  }
}

/** What another try does not change: sizes, hashes, a file that is lost, a chat that is left. */
const finalCodes = new Set(["E011", "E012", "E014", "E030", "L010", "L018", "L020", "L039"]);

async function stop(upload: Upload): Promise<void> {
  upload.running?.abort.abort(new Error("the user has stopped it"));
  await upload.running?.over;
}

function transferOf({ record: { chatId, messageId, blobs, paused, failed }, done }: Upload): Transfer {
  const total = blobs.reduce((sum, { length }) => sum + length, 0);
  const state = failed !== undefined ? "failed" : paused ? "paused" : "sending";
  return { chatId, messageId, state, done, total, ...(failed !== undefined && { errorCode: failed }) };
}
