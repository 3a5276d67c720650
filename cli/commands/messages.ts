/** The commands send and recv. */

import type { ChatSummary, TimelineItem } from "../../client/api/engine_api.ts";
import { LocalCode } from "../../client/api/errors.ts";
import { arrivalKey } from "../../client/sync/conversation/places.ts";
import { inOrderOfArrival } from "../arrival_order.ts";
import { freshItems, newestArrival } from "../fresh_items.ts";
import { Failure, wrongUsage } from "../failure.ts";
import { watchNetwork } from "../network_watch.ts";
import { sentenceOf } from "../notices.ts";
import { messageFields, messageText } from "../message_text.ts";
import { type Output, shownTitle } from "../output.ts";
import type { OutputRecord } from "../records.ts";
import { failureOfEvent, type Session } from "../session.ts";
import { standardInput } from "../standard_input.ts";
import { exitCodes } from "../usage.ts";
import type { Command } from "./command.ts";
import { fileToSend } from "./files.ts";

/** `send`: one message, from the command line or from standard input. */
export const send: Command = async ({ session, invocation, output }) => {
  const [name, message] = invocation.args;
  const { file, caption } = invocation.options as Record<string, string | undefined>;
  if (message === undefined && file === undefined) throw wrongUsage("send: <message> is missing", "send");
  if (caption !== undefined && (file === undefined || message !== undefined)) {
    throw wrongUsage("send: --caption stands beside --file, in place of the message", "send");
  }
  const text = message === "-" ? await standardInput("send") : message ?? caption ?? "";
  if (text === "" && file === undefined) throw wrongUsage("send: the message is empty", "send");
  const files = file === undefined ? [] : [await fileToSend(file)];
  await session.requireSignedIn();
  const offline = await session.synced().then(() => undefined, (error) => error);
  // Without a server the message waits on this device, if the group is known.
  const chat = await session.chat(name).catch((error) => {
    throw offline ?? error;
  });
  const place = { group: chat.title, groupId: chat.chatId };
  const kept = (messageId: string) => output.line(undefined, { type: "kept", ...place, messageId });
  const { messageId, atMs } = await session.send(chat.chatId, text, {
    files,
    isOffline: offline !== undefined,
    kept,
  }).catch((error) => {
    throw isUntrusted(offline) ? offline : error;
  });
  await output.line(`sent to ${shownTitle(chat.title)}`, {
    type: "sent",
    ...place,
    messageId,
    sentAt: new Date(atMs).toISOString(),
  });
};

const isUntrusted = (error: unknown) => error instanceof Failure && error.code === LocalCode.untrusted;

/**
 * Prints new items. The position of the last printed item is stored after each line, so an interruption loses
 * nothing.
 */
export const recv: Command = async ({ session, invocation, output, interrupted }) => {
  await session.synced();
  const only = invocation.args[0] === undefined ? undefined : (await session.chat(invocation.args[0])).chatId;
  const printer = new Printer(session, output, only, invocation.options.ids === true);
  await printer.print();
  if (interrupted.aborted) return;
  if (invocation.options.follow !== true) return await recovered(session, printer, output, interrupted);
  let unwatch = () => {};
  const stopNetworkWatch = watchNetwork({
    interfaces: Deno.networkInterfaces,
    onChange: () => void session.engine.wake(),
  });
  const over = new Promise<void>((resolve, reject) => {
    const look = () => void printer.print().catch(reject);
    unwatch = session.watch((event) => {
      if (event.kind === "timeline" || event.kind === "chats") look();
      const ended = failureOfEvent(event);
      if (ended) reject(ended);
    });
    interrupted.addEventListener("abort", () => resolve(), { once: true });
    // Items that arrived between the first pass and the watch.
    look();
  });
  try {
    await over;
  } finally {
    stopNetworkWatch();
    unwatch();
  }
  await printer.print();
};

/** Waits for help of and for other devices, and prints what came of it. @throws Failure when something is left */
async function recovered(session: Session, printer: Printer, output: Output, until: AbortSignal): Promise<void> {
  const waiting = (names: string[]) =>
    output.note(`waiting until a member's device puts this one back into ${names.join(", ")}`);
  const { names, busy } = await session.recovered(waiting, until);
  await printer.print();
  if (names.length > 0) {
    throw new Failure(
      exitCodes.unfinished,
      `this device can not follow ${names.map(shownTitle).join(", ")} until a member's device puts it back`,
      "it has asked; a member's device answers while it is online: qpq recv again then, or qpq recv --follow",
    );
  }
  if (busy) {
    throw new Failure(
      exitCodes.unfinished,
      "a change of a group, or help for another device, is not done yet",
      "qpq recv again goes on with it",
    );
  }
}

class Printer {
  readonly #session: Session;
  readonly #output: Output;
  readonly #only: string | undefined;
  readonly #withIds: boolean;
  /** The printing rounds, one at a time. */
  #working: Promise<void> = Promise.resolve();

  constructor(session: Session, output: Output, only: string | undefined, withIds: boolean) {
    this.#withIds = withIds;
    this.#session = session;
    this.#output = output;
    this.#only = only;
  }

  /** Prints new items in the order of their arrival at the server. @throws errors of the output */
  print(): Promise<void> {
    return this.#working = this.#working.then(() => this.#round());
  }

  async #round(): Promise<void> {
    const { engine, storage } = this.#session;
    const fresh: { chat: ChatSummary; items: TimelineItem[] }[] = [];
    for (const chat of await engine.chats()) {
      if (this.#only !== undefined && chat.chatId !== this.#only) continue;
      if (chat.invitation) {
        await this.#invitation(chat);
        continue;
      }
      const items = await freshItems(engine, chat, storage.printedUpTo(chat.chatId));
      if (items.length > 0) fresh.push({ chat, items });
    }
    const titles = new Map(fresh.map(({ chat }) => [chat.chatId, chat.title]));
    // Messages of this device carry its own clock and are not printed, so they are left out of the order.
    const arrived = fresh.map(({ chat, items }) => ({
      chatId: chat.chatId,
      items: items.filter((item) => item.kind === "notice" || !item.own || item.elsewhere),
    }));
    for (const { chatId, item } of inOrderOfArrival(arrived)) {
      await this.#output.line(...lineOf(item, { group: titles.get(chatId)!, groupId: chatId }, this.#withIds));
      storage.markPrinted(chatId, arrivalKey(item.order));
    }
    for (const { chat, items } of fresh) {
      storage.markPrinted(chat.chatId, newestArrival(items));
      // Own messages that wait stand behind what may have come meanwhile.
      const read = items.findLast((item) => item.kind === "message" && !item.own);
      if (read) await engine.markRead(chat.chatId, read.order);
    }
  }

  /** Prints an invitation once. Messages of strangers are printed after it was accepted. */
  async #invitation({ chatId, title, inviterRevoked }: ChatSummary): Promise<void> {
    const { storage } = this.#session;
    if (storage.printedUpTo(`invitation ${chatId}`) !== "") return;
    const from = inviterRevoked ? " from a removed device" : "";
    const id = chatId.slice(0, 8);
    await this.#output.line(`invitation${from} to ${shownTitle(title)} ${id}: qpq join ${id}`, {
      type: "invitation",
      group: title,
      groupId: chatId,
      inviterRevoked,
    });
    storage.markPrinted(`invitation ${chatId}`, "told");
  }
}

/** @returns the line and the record of an item from another device */
function lineOf(
  item: TimelineItem,
  place: { group: string; groupId: string },
  withId: boolean,
): [text: string, record: OutputRecord] {
  const at = new Date(item.atMs).toISOString();
  const start = `${at}  ${shownTitle(place.group)}  `;
  if (item.kind === "notice") {
    return [`${start}* ${sentenceOf(item)}`, {
      type: "notice",
      ...place,
      notice: item.notice,
      values: item.values,
      at,
    }];
  }
  return [`${start}${messageText(item, withId)}`, {
    type: "message",
    ...place,
    ...messageFields(item),
    sentAt: at,
  }];
}
