/** What was said to whom, and what its sender was told of it: the numbered messages of a run. */

export const people = ["alice", "bob", "carol", "dave"] as const;
export type Name = typeof people[number];

/** The chats of a run with who is in them. */
export const chats = { pair: ["alice", "bob"], four: people } as const satisfies Record<string, readonly Name[]>;
export type Chat = keyof typeof chats;

const numbered = /\b([a-z]+)-(pair|four)-\d{5}\b/;

/** @returns the numbered message that stands in a text, with its sender and chat; undefined for none */
export function numberedIn(text: string): { text: string; from: Name; chat: Chat } | undefined {
  const found = numbered.exec(text);
  return found ? { text: found[0], from: found[1] as Name, chat: found[2] as Chat } : undefined;
}

/** Told of first times. */
export interface LedgerListener {
  sent(from: Name, text: string): void;
  heard(by: Name, text: string): void;
  failed(from: Name, text: string): void;
}

export class Ledger {
  /** Told to be at the server. */
  readonly sent = new Set<string>();
  /** Told to be on the sender's disk. */
  readonly kept = new Set<string>();
  /** Told to have failed. */
  readonly failed = new Set<string>();
  readonly #listener: LedgerListener;
  readonly #numbers = new Map<string, number>();
  readonly #sentBy = new Map<Name, number>();
  readonly #heard = new Set<string>();

  constructor(listener: LedgerListener) {
    this.#listener = listener;
  }

  /** @returns a text that no one has said yet */
  next(from: Name, chat: Chat): string {
    const number = (this.#numbers.get(`${from} ${chat}`) ?? 0) + 1;
    this.#numbers.set(`${from} ${chat}`, number);
    return `${from}-${chat}-${String(number).padStart(5, "0")}`;
  }

  /** How many texts were made. */
  get count(): number {
    return [...this.#numbers.values()].reduce((sum, number) => sum + number, 0);
  }

  /** How many messages of a person are told to be at the server. */
  sentBy(from: Name): number {
    return this.#sentBy.get(from) ?? 0;
  }

  /** Takes down what a person's view says of a message in it. @param state as in the engine's items */
  tell(who: Name, text: string, state: string): void {
    const message = numberedIn(text);
    if (!message) return;
    if (message.from !== who) return this.#hear(who, message.text);
    if (state === "failed" && !this.failed.has(message.text)) {
      this.failed.add(message.text);
      this.#listener.failed(who, message.text);
    }
    if (state === "waiting" || state === "kept") this.kept.add(message.text);
    if (state !== "sent" || this.sent.has(message.text)) return;
    this.sent.add(message.text);
    this.#sentBy.set(who, this.sentBy(who) + 1);
    this.#listener.sent(who, message.text);
  }

  #hear(by: Name, text: string): void {
    const once = `${by} ${text}`;
    if (this.#heard.has(once)) return;
    this.#heard.add(once);
    this.#listener.heard(by, text);
  }
}
