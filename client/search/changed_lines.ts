/**
 * Which lines have changed and are not in the index yet: the one place where lines and index meet.
 *
 * It sees every write of the storage. Where there is an index, a write that touches lines gets one more record, which
 * names them. The record goes once they are in the index. So after a crash between both, the index knows what it lacks.
 */

import { toHex } from "../../schema/bytes.ts";
import type { SealedBatch, SealedStore, WriteObserver } from "../storage/sealed_store.ts";

const notePrefix = "search-changed/";
/** Of a write that touches more lines, they are not named: the index is built again. */
export const maxLinesInNote = 2000;
/** When more writes than these wait, the index is built again, which takes less than to follow them. */
export const maxNotes = 5000;

/** Lines that one write has touched; undefined: more than are named. */
interface Note {
  lines?: string[];
}

/** A line's key in the store "messages", in two parts. */
export interface ChangedLine {
  chatId: string;
  order: string;
}

/** Writes down which lines change. */
export class ChangedLines implements WriteObserver {
  readonly #store: SealedStore;
  #isOn = false;
  #isLasting = false;
  readonly #notes = new Map<string, Note>();
  /** Told when a line has changed. */
  onChange: () => void = () => {};
  /** Told when all records of a profile that had an index were deleted. */
  onCleared: () => void = () => {};

  constructor(store: SealedStore) {
    this.#store = store;
    store.observe(this);
  }

  /** There is an index: notes what changes from now on. @param isLasting on disk too, as the index is */
  start(isLasting: boolean): void {
    this.#isOn = true;
    this.#isLasting = isLasting;
  }

  /** There is no index any more. What waits is of no use. */
  stop(): void {
    this.#isOn = false;
    this.#notes.clear();
  }

  /** Reads what earlier engines have left. @throws StorageError */
  async load(): Promise<void> {
    const found = await this.#store.range<Note>("meta", notePrefix, { limit: maxNotes + 1 });
    for (const { key, value } of found) this.#notes.set(key, value);
  }

  /** Whether lines have changed that are not in the index. */
  get isWaiting(): boolean {
    return this.#notes.size > 0;
  }

  /** Whether following the changes would take longer than to build the index. */
  get areTooMany(): boolean {
    return this.#notes.size > maxNotes || [...this.#notes.values()].some(({ lines }) => lines === undefined);
  }

  /** @returns the next changed lines, and what to hand to {@link done}, once they are in the index */
  next(): { lines: ChangedLine[]; notes: string[] } {
    const notes: string[] = [];
    const keys = new Set<string>();
    for (const [note, { lines = [] }] of this.#notes) {
      if (keys.size + lines.length > maxLinesInNote) break;
      notes.push(note);
      for (const key of lines) keys.add(key);
    }
    return { lines: [...keys].map(lineOf), notes };
  }

  /** These changes are in the index. @throws StorageError */
  async done(notes: readonly string[]): Promise<void> {
    for (const note of notes) this.#notes.delete(note);
    if (this.#isLasting) await this.#store.write({ deletes: notes.map((key) => ({ store: "meta", key })) });
  }

  /** Forgets what waits, on disk too: a new index is built from the lines themselves. @throws StorageError */
  async forget(): Promise<void> {
    this.#notes.clear();
    for (;;) {
      const found = await this.#store.range("meta", notePrefix, { limit: maxNotes });
      if (found.length > 0) await this.#store.write({ deletes: found.map(({ key }) => ({ store: "meta", key })) });
      if (found.length < maxNotes) return;
    }
  }

  before(batch: SealedBatch): SealedBatch {
    if (!this.#isOn || !this.#isLasting) return batch;
    const note = noteOf(batch);
    if (!note) return batch;
    return { ...batch, puts: [...batch.puts ?? [], { store: "meta", key: freshKey(), value: note }] };
  }

  written(batch: SealedBatch): void {
    if (!this.#isOn) return;
    const onDisk = batch.puts?.find(({ store, key }) => store === "meta" && key.startsWith(notePrefix));
    const note = onDisk ? onDisk.value as Note : noteOf(batch);
    if (!note) return;
    this.#notes.set(onDisk?.key ?? freshKey(), note);
    this.onChange();
  }

  cleared(): void {
    const hadIndex = this.#isOn;
    this.stop();
    if (hadIndex) this.onCleared();
  }
}

function lineOf(key: string): ChangedLine {
  const at = key.indexOf("/");
  return { chatId: key.slice(0, at), order: key.slice(at + 1) };
}

function freshKey(): string {
  return notePrefix + toHex(crypto.getRandomValues(new Uint8Array(8)));
}

/** @returns which lines a write touches; undefined: none */
function noteOf({ puts = [], deletes = [] }: SealedBatch): Note | undefined {
  const lines = [...puts, ...deletes].filter(({ store }) => store === "messages").map(({ key }) => key);
  if (lines.length === 0) return undefined;
  return lines.length <= maxLinesInNote ? { lines } : {};
}
