/** send and recv. */

import type { TimelineItem } from "../../client/engine/api.ts";
import { wrongUsage } from "../failure.ts";
import { type Output, printable } from "../output.ts";
import type { Session } from "../session.ts";
import type { Command } from "./command.ts";

export const send: Command = async ({ session, invocation, output }) => {
  const [name, message] = invocation.args;
  const text = message === "-" ? (await new Response(Deno.stdin.readable).text()).replace(/\n$/, "") : message;
  if (text === "") throw wrongUsage("send: the message is empty", "send");
  await session.synced();
  const chat = await session.chat(name);
  const { messageId, atMs } = await session.send(chat.chatId, text);
  await output.line(`sent to ${printable(chat.title)}`, { type: "sent", group: chat.title, groupId: chat.chatId, id: messageId, at: new Date(atMs).toISOString() });
};

/** Prints what has not been printed yet: the place up to which that is true moves with each line, so an interruption repeats nothing and loses nothing. */
export const recv: Command = async ({ session, invocation, output, interrupted }) => {
  await session.synced();
  const only = invocation.args[0] === undefined ? undefined : (await session.chat(invocation.args[0])).chatId;
  const printer = new Printer(session, output, only);
  for (const { chatId } of await session.engine.chats()) await printer.print(chatId);
  if (invocation.options.follow !== true || interrupted.aborted) return;
  const unwatch = session.watch((event) => {
    if (event.kind === "timeline") printer.printLater(event.chatId);
  });
  // What came between the look above and the watch.
  for (const { chatId } of await session.engine.chats()) printer.printLater(chatId);
  await new Promise<void>((resolve) => interrupted.addEventListener("abort", () => resolve(), { once: true }));
  unwatch();
  await printer.done();
};

const pageSize = 200;

class Printer {
  readonly #session: Session;
  readonly #output: Output;
  readonly #only: string | undefined;
  /** One chat at a time, one line at a time. */
  #working: Promise<void> = Promise.resolve();

  constructor(session: Session, output: Output, only: string | undefined) {
    this.#session = session;
    this.#output = output;
    this.#only = only;
  }

  printLater(chatId: string): void {
    this.#working = this.#working.then(() => this.print(chatId));
  }

  async done(): Promise<void> {
    await this.#working;
  }

  async print(chatId: string): Promise<void> {
    if (this.#only !== undefined && chatId !== this.#only) return;
    const { engine, storage } = this.#session;
    const fresh = await this.#fresh(chatId, storage.printedUpTo(chatId));
    if (fresh.length === 0) return;
    const chat = (await engine.chats()).find((candidate) => candidate.chatId === chatId);
    const place = { group: chat?.title ?? "", groupId: chatId };
    for (const item of fresh) {
      const line = lineOf(item, place.group);
      if (line) await this.#output.line(line.text, { ...line.record, ...place });
      storage.markPrinted(chatId, item.order);
    }
    await engine.markRead(chatId);
  }

  /** Oldest first. */
  async #fresh(chatId: string, after: string): Promise<TimelineItem[]> {
    const items: TimelineItem[] = [];
    let before: string | undefined;
    do {
      const page = await this.#session.engine.timeline(chatId, before, pageSize);
      items.unshift(...page.items.filter(({ order }) => order > after));
      before = page.items.length > 0 && page.items[0].order > after ? page.before : undefined;
    } while (before);
    return items;
  }
}

/** @returns undefined for what this device sent itself */
function lineOf(item: TimelineItem, group: string): { text: string; record: Record<string, unknown> } | undefined {
  const at = new Date(item.atMs).toISOString();
  const title = printable(group);
  if (item.kind === "notice") {
    const values = Object.entries(item.values).map(([name, value]) => `${name}=${printable(value)}`).join(" ");
    return { text: `${at}  ${title}  * ${item.notice}${values ? ` ${values}` : ""}`, record: { type: "notice", notice: item.notice, values: item.values, at } };
  }
  if (item.own) return undefined;
  return { text: `${at}  ${title}  ${item.sender}: ${printable(item.text)}`, record: { type: "message", from: item.sender, text: item.text, id: item.messageId, at } };
}
