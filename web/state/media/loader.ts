/**
 * The contents of small attachments as addresses that the page can show: `blob:` of a type that the content itself has.
 * A few that are not shown stay for a while, the others are let go of.
 */

import type { AttachmentInfo, EngineApi, MessageRef } from "../../../client/api/engine_api.ts";
import { attachmentStream } from "../../../client/api/attachment_stream.ts";
import { EngineError, LocalCode } from "../../../client/api/errors.ts";
import { inertType, signatureBytes } from "../../media/inert_types.ts";
import { isDrawable } from "../../media/picture_size.ts";
import { problemFrom } from "../task.ts";

/** Names an attachment. */
export interface MediaPlace {
  message: MessageRef;
  index: number;
  attachment: AttachmentInfo;
}

/** How far an attachment is. */
export type LoadState =
  | { kind: "loading"; done: number }
  | { kind: "ready"; url: string }
  /** It has no format that is shown, or too many pixels. */
  | { kind: "unshown" }
  | { kind: "failed"; code: string };

/** A use of an attachment: while there is one, its address stays. */
export interface MediaUse {
  end(): void;
}

/** Attachments that are read at the same time. The engine holds four calls for them. */
const atOnce = 3;
/** Bytes of contents that are not shown at the moment. */
const keptBytes = 32 * 1024 * 1024;

interface Entry {
  state: LoadState;
  abort: AbortController;
  size: number;
  listeners: Set<(state: LoadState) => void>;
}

/** @returns a key for an attachment that stays when its message moves */
export function keyOf({ message, index }: Pick<MediaPlace, "message" | "index">): string {
  return `${message.messageId}/${index}`;
}

/** The contents of one chat's attachments that were loaded. */
export class MediaLoader {
  readonly #engine: Pick<EngineApi, "attachmentPiece">;
  readonly #chatId: string;
  /** The one that was used last at the end. */
  readonly #entries = new Map<string, Entry>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(engine: Pick<EngineApi, "attachmentPiece">, chatId: string) {
    this.#engine = engine;
    this.#chatId = chatId;
  }

  /**
   * Loads an attachment unless it is there. What has failed is tried again.
   *
   * @param listen gets the state now, and each that follows
   */
  use(place: MediaPlace, listen: (state: LoadState) => void): MediaUse {
    const key = keyOf(place);
    let entry = this.#entries.get(key);
    if (!entry || entry.state.kind === "failed") {
      const { size } = place.attachment;
      entry = { state: { kind: "loading", done: 0 }, abort: new AbortController(), size, listeners: new Set() };
      void this.#load(place, entry);
    }
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.listeners.add(listen);
    listen(entry.state);
    const used = entry;
    return { end: () => this.#leave(key, used, listen) };
  }

  /** Lets go of everything. */
  close(): void {
    for (const [key, entry] of [...this.#entries]) this.#drop(key, entry);
  }

  #leave(key: string, entry: Entry, listen: (state: LoadState) => void): void {
    entry.listeners.delete(listen);
    // A row that changes goes, and comes again at once.
    queueMicrotask(() => this.#rest(key, entry));
  }

  #rest(key: string, entry: Entry): void {
    if (entry.listeners.size > 0) return;
    if (entry.state.kind !== "ready") return this.#drop(key, entry);
    const unused = [...this.#entries].filter(([, { listeners }]) => listeners.size === 0);
    let bytes = unused.reduce((sum, [, { size }]) => sum + size, 0);
    for (const [name, oldest] of unused) {
      if (bytes <= keptBytes) return;
      bytes -= oldest.size;
      this.#drop(name, oldest);
    }
  }

  #drop(key: string, entry: Entry): void {
    entry.abort.abort();
    if (entry.state.kind === "ready") URL.revokeObjectURL(entry.state.url);
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }

  async #load(place: MediaPlace, entry: Entry): Promise<void> {
    const { signal } = entry.abort;
    const tell = (state: LoadState) => {
      if (signal.aborted) return;
      entry.state = state;
      for (const listen of [...entry.listeners]) listen(state);
    };
    try {
      const bytes = await this.#inTurn(() => this.#read(place, signal, (done) => tell({ kind: "loading", done })));
      if (signal.aborted) return;
      const { kind } = place.attachment;
      const type = inertType(kind, bytes.subarray(0, signatureBytes));
      if (type === undefined || (kind === "image" && !isDrawable(type, bytes))) return tell({ kind: "unshown" });
      tell({ kind: "ready", url: URL.createObjectURL(new Blob([bytes], { type })) });
    } catch (error) {
      if (!signal.aborted) tell({ kind: "failed", code: problemFrom(error).code });
    }
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < atOnce) this.#running++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      // The next one takes over the turn.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }

  async #read(
    { message, index, attachment: { size } }: MediaPlace,
    signal: AbortSignal,
    progress: (done: number) => void,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const all = new Uint8Array(signal.aborted ? 0 : size);
    const reader = attachmentStream(this.#engine, { chatId: this.#chatId, message, index, size }).getReader();
    for (let done = 0; !signal.aborted;) {
      const { value } = await reader.read();
      if (done + (value?.length ?? 0) > size || (!value && done < size)) throw damaged();
      if (!value) return all;
      all.set(value, done);
      progress(done += value.length);
    }
    return all;
  }
}

function damaged(): EngineError {
  return new EngineError({ code: LocalCode.badFile, detail: "the attachment has another size than its message says" });
}
