/**
 * The records of a group's MLS state that a transaction writes and deletes: one for the epoch, and one for
 * each ratchet that moved since.
 */

import type { GroupState, MessageRecord, Mls } from "../../mls/group.ts";
import type { SealContext } from "../../storage/sealed_store.ts";
import type { StoreName } from "../../storage/storage.ts";
import { keys } from "./records.ts";

/** Takes the records of a transaction. */
export interface RecordWriter {
  put(store: StoreName, key: string, value: unknown, context?: SealContext): void;
  delete(store: StoreName, key: string): void;
  onceStored(run: () => void): void;
}

/** Collects the changes of one group's MLS state while it changes. */
export class StateRecords {
  readonly #mls: Mls;
  #ratchetKeys: Set<string>;
  readonly #stale = new Set<string>();
  readonly #moved = new Map<string, MessageRecord>();
  #newEpoch = false;
  #forgotten = false;
  readonly #spent: Uint8Array[] = [];

  /** @param ratchetKeys keys of the ratchet records on disk */
  constructor(mls: Mls, ratchetKeys: ReadonlySet<string>) {
    this.#mls = mls;
    this.#ratchetKeys = new Set(ratchetKeys);
  }

  /** Keys of the epoch's ratchet records, to delete with the epoch. */
  get ratchetKeys(): Set<string> {
    return this.#ratchetKeys;
  }

  /** A message moved one ratchet. @param consumed spent secrets, overwritten once the new state is on disk */
  move(record: MessageRecord, consumed: Uint8Array[]): void {
    this.#moved.set(record.key, record);
    this.#stale.delete(record.key);
    this.#ratchetKeys.add(record.key);
    this.#spent.push(...consumed);
  }

  /** The new epoch's record replaces the old one and its ratchet records. */
  enterEpoch(consumed: Uint8Array[] = []): void {
    this.#dropRatchets();
    this.#newEpoch = true;
    this.#spent.push(...consumed);
  }

  /** Writes the first record of a new group. */
  start(): void {
    this.#newEpoch = true;
  }

  /** Deletes the epoch's record and its ratchet records. */
  forget(): void {
    this.#dropRatchets();
    this.#newEpoch = false;
    this.#forgotten = true;
  }

  /** Deletes all records of the state, because the conversation is deleted. */
  deleteAll(unit: RecordWriter, id: string): void {
    for (const key of this.#ratchetKeys) unit.delete("ratchets", keys.ratchet(id, key));
  }

  /** Puts the changes into the unit's write. */
  writeTo(unit: RecordWriter, id: string, state: GroupState | undefined, context: SealContext): void {
    for (const key of this.#stale) unit.delete("ratchets", keys.ratchet(id, key));
    if (this.#forgotten && !this.#newEpoch) {
      unit.delete("epochs", id);
      unit.delete("epochs", keys.pastEpochs(id));
    }
    if (this.#newEpoch && state) unit.put("epochs", id, this.#mls.encodeEpochRecord(state), context);
    // The new epoch's record contains every ratchet that moved before it in this unit. These ratchets moved
    // after it.
    for (const { key, bytes } of this.#moved.values()) unit.put("ratchets", keys.ratchet(id, key), bytes, context);
    if (this.#spent.length > 0) unit.onceStored(() => this.#mls.wipe(this.#spent));
  }

  #dropRatchets(): void {
    for (const key of this.#ratchetKeys) this.#stale.add(key);
    this.#ratchetKeys.clear();
    this.#moved.clear();
  }
}
