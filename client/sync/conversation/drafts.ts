/**
 * Texts that were begun and not sent, one a chat. They lie in the sealed store, so that a reload or the end of a tab
 * loses nothing, and the list of chats shows them in every tab.
 */

import { utf8 } from "../../../schema/bytes.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import type { SealedStore } from "../../storage/sealed_store.ts";
import type { UnitOfWork } from "./unit_of_work.ts";

/** In UTF-8 bytes: more than a message may have, so that what is too long to send can be shortened later. */
export const maxDraftBytes = 64 * 1024;

const prefix = "draft/";

/** The drafts of this device. */
export class Drafts {
  readonly #store: SealedStore;
  readonly #texts = new Map<string, string>();
  /** The last write of each chat's draft; it never rejects. */
  readonly #writes = new Map<string, Promise<void>>();
  #changed = () => {};

  constructor(store: SealedStore) {
    this.#store = store;
  }

  /** @param changed told when the list of chats shows another draft */
  watch(changed: () => void): void {
    this.#changed = changed;
  }

  /** Reads what is stored. @throws StorageError */
  async load(): Promise<void> {
    for (const { key, value } of await this.#store.range<string>("account", prefix)) {
      this.#texts.set(key.slice(prefix.length), value);
    }
  }

  of(chatId: string): string | undefined {
    return this.#texts.get(chatId);
  }

  /**
   * Keeps a chat's draft in place of the one before.
   *
   * @param text "" for none
   * @throws EngineError L011; StorageError, then it is kept until the engine ends
   */
  async keep(chatId: string, text: string): Promise<void> {
    if (utf8(text).length > maxDraftBytes) {
      throw new EngineError({ code: LocalCode.tooLarge, detail: `a draft of at most ${maxDraftBytes} bytes` });
    }
    if (text === (this.of(chatId) ?? "")) return;
    if (text === "") this.#texts.delete(chatId);
    else this.#texts.set(chatId, text);
    this.#changed();
    await this.#write(chatId);
  }

  /**
   * Takes the draft away with the unit that stores the message which it has become. A draft that is another text
   * stays: it was begun elsewhere, or since.
   */
  async sent(unit: UnitOfWork, chatId: string, text: string): Promise<void> {
    const draft = this.of(chatId);
    // The last letters may not have been kept yet.
    if (draft === undefined || !text.trim().startsWith(draft.trim())) return;
    await this.#writes.get(chatId);
    unit.delete("account", prefix + chatId);
    unit.onceStored(() => {
      if (this.of(chatId) === draft) this.#texts.delete(chatId);
      // Begun while the message was stored: the unit may have deleted it.
      else void this.#write(chatId).catch(() => {});
    });
  }

  /** Writes are one behind the other: the newest text is what stays. */
  async #write(chatId: string): Promise<void> {
    const before = this.#writes.get(chatId);
    const writing = (async () => {
      await before;
      const [text, place] = [this.of(chatId), { store: "account" as const, key: prefix + chatId }];
      await this.#store.write(text === undefined ? { deletes: [place] } : { puts: [{ ...place, value: text }] });
    })();
    const settled = writing.catch(() => {});
    this.#writes.set(chatId, settled);
    try {
      await writing;
    } finally {
      if (this.#writes.get(chatId) === settled) this.#writes.delete(chatId);
    }
  }
}
