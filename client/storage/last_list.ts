/**
 * The chats as the list showed them last. A page shows them before its engine has opened, which takes longer.
 *
 * The record never says more than the profile. A write that may change the list deletes the record in the same
 * transaction, and the record is written anew once nothing has changed for a moment. So a text that was deleted is not
 * left here, and a list that would be wrong is none.
 */

import type { LastList } from "../api/last_list.ts";
import type { ChatSummary } from "../api/engine_api.ts";
import type { Clock } from "../runtime/clock.ts";
import { Timers } from "../runtime/timers.ts";
import type { SealedBatch, SealedStore, WriteObserver } from "./sealed_store.ts";
import { Sealer } from "./sealer.ts";
import type { StoreName } from "./storage.ts";

/** Where the record is. */
export const lastListPlace: Readonly<{ store: StoreName; key: string }> = { store: "account", key: "list" };
/** Deletes the record with a change; tells such a write from others when it has ended. */
const withChange = { ...lastListPlace };
/** As many chats as a long screen shows twice. */
export const mostChats = 50;
/** Of a larger group the first members: its view waits for the engine anyway. */
export const mostMembers = 64;
/** How long nothing has changed when the list is written, in ms. */
const quietMs = 500;
/** Another version of the app takes none but its own. */
const version = 1;

/** In the record. */
interface StoredList extends LastList {
  version: number;
}

/** Records that say nothing that the list shows. */
const otherStores = new Set<StoreName>([
  "meta",
  "keypackages",
  "epochs",
  "ratchets",
  "pending",
  "messageids",
  "unreadable",
]);
const otherKeys = /^(sync|time|vault|session|picture\/|uploads?\/)/;

interface Options {
  store: SealedStore;
  clock: Pick<Clock, "after">;
  /** What the list shows now; undefined while nobody is signed in. */
  list(): LastList | undefined;
}

/** Keeps the record. */
export class LastListKeeper implements WriteObserver {
  readonly #options: Options;
  readonly #timers: Timers;
  /** Rises with each write that may change the list. */
  #changes = 0;
  /** Such writes that are under way: until one has ended, nobody knows which list is on disk. */
  #underWay = 0;

  constructor(options: Options) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
    options.store.observe(this);
  }

  /** The list is known from now on. */
  begin(): void {
    this.#writeSoon();
  }

  close(): void {
    this.#timers.close();
  }

  before(batch: SealedBatch): SealedBatch {
    if (!mayChange(batch)) return batch;
    this.#changes++;
    this.#underWay++;
    return { ...batch, deletes: [...batch.deletes ?? [], withChange] };
  }

  written(batch: SealedBatch): void {
    if (!batch.deletes?.includes(withChange)) return;
    this.#underWay--;
    this.#writeSoon();
  }

  refused(batch: SealedBatch): void {
    this.written(batch);
  }

  cleared(): void {
    this.#timers.cancel("write");
  }

  #writeSoon(): void {
    // Without it a page shows its list later.
    this.#timers.start("write", quietMs, () => void this.#write().catch(() => {}));
  }

  async #write(): Promise<void> {
    const list = this.#options.list();
    if (!list) return;
    if (this.#underWay > 0) return this.#writeSoon();
    const value: StoredList = {
      version,
      account: list.account,
      chats: list.chats.slice(0, mostChats).map(shortened),
    };
    const before = this.#changes;
    await this.#options.store.write({ puts: [{ ...lastListPlace, value }] });
    // A change met the write: whichever came first, the record goes.
    if (this.#changes === before) return;
    await this.#options.store.write({ deletes: [{ ...lastListPlace }] });
    this.#writeSoon();
  }
}

/**
 * @param sealed the record as it lies in storage
 * @returns what it says; undefined where it does not open, or another version of the app wrote it
 */
export async function openLastList(wrappingKey: CryptoKey, sealed: Uint8Array): Promise<LastList | undefined> {
  const { store, key } = lastListPlace;
  const opened = await new Sealer(wrappingKey).open(store, key, sealed).catch(() => undefined);
  const list = opened?.value as StoredList | undefined;
  return list?.version === version ? list : undefined;
}

function mayChange({ puts = [], deletes = [] }: SealedBatch): boolean {
  return [...puts, ...deletes].some(({ store, key }) =>
    !otherStores.has(store) && !(store === "account" && (key === lastListPlace.key || otherKeys.test(key)))
  );
}

/** What is to disappear may be over when the list is read. */
function shortened(all: ChatSummary): ChatSummary {
  const chat = { ...all, members: all.members.slice(0, mostMembers) };
  // What an earlier version kept of a message does not say whether it stays.
  if (!chat.lastMessage?.passes && chat.timerMs === undefined) return chat;
  const { lastMessage: _passing, ...rest } = chat;
  return rest;
}
