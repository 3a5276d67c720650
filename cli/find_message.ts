/** Finds a message by the beginning of its id. */

import type { ChatSummary, MessageItem } from "../client/api/engine_api.ts";
import { Failure, wrongUsage } from "./failure.ts";
import type { Session } from "./session.ts";
import { exitCodes } from "./usage.ts";

/** How many lines are read at once. */
const linesAtOnce = 200;

/** A message, and the chat in which it is. */
export interface FoundMessage {
  chat: ChatSummary;
  item: MessageItem;
}

/**
 * @param start the first digits of its id, 4 or more
 * @param what says what is wanted of it
 * @param isWanted messages that are none are passed over
 * @param within the one group in which it is looked for
 * @throws Failure for no such message, and for several
 */
export async function messageOf(
  session: Session,
  start: string,
  what: string,
  isWanted: (item: MessageItem) => boolean,
  within?: string,
): Promise<FoundMessage> {
  const { engine } = session;
  const found: FoundMessage[] = [];
  for (const chat of within === undefined ? await engine.chats() : [await session.chat(within)]) {
    for (let before: string | undefined, isFirst = true; isFirst || before !== undefined; isFirst = false) {
      const page = await engine.timeline(chat.chatId, before, linesAtOnce);
      for (const item of page.items) {
        if (item.kind === "message" && item.messageId.startsWith(start) && isWanted(item)) found.push({ chat, item });
      }
      before = page.before;
    }
  }
  if (found.length > 1) throw notFound(`${found.length} messages have an id that begins with ${start}`);
  if (found.length === 0) throw notFound(`there is no message ${start}${what} on this device`);
  return found[0];
}

/** @returns the beginning of a message's id, as it was given @throws Failure for what is none */
export function idOf(given: string, command: string): string {
  if (!/^[0-9a-f]{4,32}$/.test(given)) throw wrongUsage(`${command}: ${given} is no id that recv prints`, command);
  return given;
}

const notFound = (message: string) =>
  new Failure(
    exitCodes.failed,
    message,
    "qpq recv prints the id beside each file, with --ids of each message, and --json the whole one",
  );
