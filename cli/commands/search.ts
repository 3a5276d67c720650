/** The command search: what this device has of messages, without a server. */

import { printable, shownTitle } from "../output.ts";
import { wrongUsage } from "../failure.ts";
import type { Command } from "./command.ts";

/** Hits that are asked for at once. */
const atOnce = 100;

/** `search`: prints the messages that match, the newest first. */
export const search: Command = async ({ session, invocation, output, interrupted }) => {
  const [query, name] = invocation.args;
  if (query.trim() === "") throw wrongUsage("search: there is nothing to search for", "search");
  await session.requireSignedIn();
  const chatId = name === undefined ? undefined : (await session.chat(name)).chatId;
  const titles = new Map((await session.engine.chats()).map((chat) => [chat.chatId, chat.title]));
  await session.engine.searchable();
  let before: string | undefined;
  do {
    const page = await session.engine.search(query, {
      limit: atOnce,
      ...(chatId !== undefined && { chatId }),
      ...(before !== undefined && { before }),
    });
    for (const { chatId, messageId, sender, own, atMs, text } of page.hits) {
      const group = titles.get(chatId) ?? "";
      const sentAt = new Date(atMs).toISOString();
      await output.line(`${sentAt}  ${shownTitle(group)}  ${printable(sender)}: ${printable(text)}`, {
        type: "hit",
        group,
        groupId: chatId,
        messageId,
        sender,
        own,
        text,
        sentAt,
      });
    }
    before = page.before;
  } while (before !== undefined && !interrupted.aborted);
};
