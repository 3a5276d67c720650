/** The command history: what this device has of a group, without a server. */

import type { TimelineItem } from "../../client/api/engine_api.ts";
import { wrongUsage } from "../failure.ts";
import { lineOf } from "../printer.ts";
import type { Command } from "./command.ts";

/** Lines that are read at once. */
const atOnce = 200;

/** `history`: prints the lines of a group, the oldest first. It moves no mark of `recv`. */
export const history: Command = async ({ session, invocation, output, interrupted }) => {
  const { tail, ids } = invocation.options;
  if (tail !== undefined && !/^[1-9]\d{0,6}$/.test(String(tail))) {
    throw wrongUsage("--tail: an integer from 1", "history");
  }
  await session.requireSignedIn();
  const chat = await session.chat(invocation.args[0]);
  let missing = tail === undefined ? Infinity : Number(tail);
  const pages: TimelineItem[][] = [];
  let before: string | undefined;
  do {
    const page = await session.engine.timeline(chat.chatId, before, Math.min(atOnce, missing));
    pages.push(page.items.slice(-missing));
    missing -= page.items.length;
    before = page.before;
  } while (before !== undefined && missing > 0 && !interrupted.aborted);
  for (const item of pages.reverse().flat()) {
    if (interrupted.aborted) return;
    await output.line(...lineOf(item, { group: chat.title, groupId: chat.chatId }, ids === true));
  }
};
