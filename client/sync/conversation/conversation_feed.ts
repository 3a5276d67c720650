/** Tells listeners about changes in few events, because the views redraw for each event. */

import type { ChatSummary, TimelineItem } from "../../api/engine_api.ts";
import type { Environment } from "../../runtime/environment.ts";

/**
 * For how long changes of the list of conversations are gathered into one event, in ms. Messages are not
 * delayed by this.
 */
const listPauseMs = 50;
/** For how long the state "waiting" of an own message is held back, in ms. Most messages are sent by then. */
const waitingPauseMs = 30;

/** Listens to the content of the views. */
export interface ConversationStoreListener {
  timeline(chatId: string, items: TimelineItem[]): void;
  /** The last reported items of this conversation may not be on this device after all. */
  reread(chatId: string): void;
  /** Lines of these places are no longer on this device. */
  erased(chatId: string, orders: string[]): void;
  chats(chats: ChatSummary[]): void;
}

/** Gathers changes, and reports them in the order in which they happened. */
export class ConversationFeed {
  readonly #listener: ConversationStoreListener;
  readonly #environment: Environment;
  readonly #summaries: () => ChatSummary[];
  /** Own messages by conversation that are on disk and not reported yet. */
  readonly #untold = new Map<string, TimelineItem[]>();
  #announced = false;
  #closed = false;

  /** @param summaries gives the present list of conversations */
  constructor(listener: ConversationStoreListener, environment: Environment, summaries: () => ChatSummary[]) {
    this.#listener = listener;
    this.#environment = environment;
    this.#summaries = summaries;
  }

  /** Reports nothing any more. */
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

  /** The last reported items of this conversation may not be on this device after all. */
  reread(chatId: string): void {
    if (!this.#closed) this.#listener.reread(chatId);
  }

  /** Lines that were deleted on this device: after what was held back about them. */
  erased(chatId: string, orders: string[]): void {
    this.#tell(chatId, []);
    if (!this.#closed) this.#listener.erased(chatId, [...orders]);
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

  /** Of an item that changed while it was held back, only the newest form is reported. */
  #tell(chatId: string, items: TimelineItem[]): void {
    // An own message has another place once it is sent.
    const idOf = (item: TimelineItem) => item.kind === "message" && item.own ? item.messageId : item.order;
    const all = new Map([...this.#untold.get(chatId) ?? [], ...items].map((item) => [idOf(item), item]));
    this.#untold.delete(chatId);
    if (all.size > 0 && !this.#closed) this.#listener.timeline(chatId, [...all.values()]);
  }
}
