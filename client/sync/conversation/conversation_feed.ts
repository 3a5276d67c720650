/** Tells listeners what changed, in few events: the views redraw for each. */

import type { ChatSummary, TimelineItem } from "../../api/engine_api.ts";
import type { Environment } from "../../runtime/environment.ts";

/**
 * For how long changes of the list of conversations are gathered into one event, in ms. What a conversation
 * shows is not held back by it.
 */
const listPauseMs = 50;
/** For how long "waiting" is not told of an own message, in ms. Most are sent by then. */
const waitingPauseMs = 30;

/** Told what the views show. */
export interface ConversationStoreListener {
  timeline(chatId: string, items: TimelineItem[]): void;
  /** What was told of this conversation last may not be on this device after all. */
  reread(chatId: string): void;
  chats(chats: ChatSummary[]): void;
}

/** Gathers changes, and tells them in the order of what happened. */
export class ConversationFeed {
  readonly #listener: ConversationStoreListener;
  readonly #environment: Environment;
  readonly #summaries: () => ChatSummary[];
  /** Own messages by conversation that are on disk and not told of yet. */
  readonly #untold = new Map<string, TimelineItem[]>();
  #announced = false;
  #closed = false;

  /** @param summaries the list of conversations as it is now */
  constructor(listener: ConversationStoreListener, environment: Environment, summaries: () => ChatSummary[]) {
    this.#listener = listener;
    this.#environment = environment;
    this.#summaries = summaries;
  }

  /** Tells of nothing any more. */
  close(): void {
    this.#closed = true;
  }

  /** New and changed items of one conversation. */
  items(chatId: string, items: TimelineItem[]): void {
    const held = this.#untold.get(chatId);
    if (items.every((item) => item.kind === "message" && item.own && item.state === "waiting")) {
      this.#untold.set(chatId, [...held ?? [], ...items]);
      if (!held) this.#environment.after(waitingPauseMs, () => this.#tell(chatId, []));
      return;
    }
    this.#tell(chatId, items);
  }

  /** What was told of this conversation last may not be on this device after all. */
  reread(chatId: string): void {
    if (!this.#closed) this.#listener.reread(chatId);
  }

  /** The list of conversations has changed. Many changes in a short time make one event. */
  listChanged(): void {
    if (this.#announced) return;
    this.#announced = true;
    this.#environment.after(listPauseMs, () => {
      this.#announced = false;
      if (!this.#closed) this.#listener.chats(this.#summaries());
    });
  }

  /** Of an item that changed while it was held, only its newest form is told. */
  #tell(chatId: string, items: TimelineItem[]): void {
    const all = new Map([...this.#untold.get(chatId) ?? [], ...items].map((item) => [item.order, item]));
    this.#untold.delete(chatId);
    if (all.size > 0 && !this.#closed) this.#listener.timeline(chatId, [...all.values()]);
  }
}
