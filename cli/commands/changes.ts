/** The commands reply, react, edit, delete, poll and vote: what is done with a message that is there. */

import type { MessageRef } from "../../client/api/engine_api.ts";
import { wrongUsage } from "../failure.ts";
import { type FoundMessage, idOf, messageOf } from "../find_message.ts";
import { shownTitle } from "../output.ts";
import type { Command, CommandContext } from "./command.ts";

const refOf = ({ item: { order, messageId } }: FoundMessage): MessageRef => ({ order, messageId });

/** The message of the first argument, after the backlog was processed. */
async function found({ session, invocation, within }: CommandContext): Promise<FoundMessage> {
  const start = idOf(invocation.args[0], invocation.command);
  await session.synced();
  return await messageOf(session, start, "", () => true, within);
}

/** @param what follows the group's name: "reacted in friends" */
async function done(
  { output }: CommandContext,
  { chat, item }: FoundMessage,
  change: string,
  words: string,
): Promise<void> {
  await output.line(`${words} in ${shownTitle(chat.title)}`, {
    type: "changed",
    group: chat.title,
    groupId: chat.chatId,
    messageId: item.messageId,
    change,
  });
}

/** A text of the command line, or of standard input. */
async function textOf({ invocation: { args, command }, input }: CommandContext): Promise<string> {
  const text = args[1] === "-" ? await input() : args[1];
  if (text === "") throw wrongUsage(`${command}: the message is empty`, command);
  return text;
}

/** `reply`: answers a message. */
export const reply: Command = async (context) => {
  const { session, output } = context;
  const text = await textOf(context);
  const target = await found(context);
  const { chatId, title } = target.chat;
  const { messageId, atMs } = await session.send(chatId, text, { replyTo: refOf(target) });
  await output.line(`sent to ${shownTitle(title)}`, {
    type: "sent",
    group: title,
    groupId: chatId,
    messageId,
    sentAt: new Date(atMs).toISOString(),
  });
};

/** `react`: gives a message a sign, or takes it back. */
export const react: Command = async (context) => {
  const { session, invocation } = context;
  const sign = invocation.args[1];
  const target = await found(context);
  const { chatId } = target.chat;
  if (invocation.options["take-back"] === true) {
    await session.engine.takeBackReaction(chatId, refOf(target), sign);
    return await done(context, target, "reaction-taken-back", "took the reaction back");
  }
  await session.engine.react(chatId, refOf(target), sign);
  await done(context, target, "reacted", "reacted");
};

/** `edit`: gives an own message another text. */
export const edit: Command = async (context) => {
  const text = await textOf(context);
  const target = await found(context);
  await context.session.engine.editMessage(target.chat.chatId, refOf(target), text);
  await done(context, target, "edited", "edited");
};

/** `delete`: deletes an own message for everyone, or any message on this device. */
export const remove: Command = async (context) => {
  const { session, invocation } = context;
  const target = await found(context);
  if (invocation.options["for-me"] === true) {
    await session.engine.deleteForMe(target.chat.chatId, refOf(target));
    return await done(context, target, "deleted-here", "deleted here");
  }
  await session.engine.deleteForEveryone(target.chat.chatId, refOf(target));
  await done(context, target, "deleted", "deleted for everyone");
};

/** `poll`: asks a group. */
export const poll: Command = async ({ session, invocation, output }) => {
  const [name, question, ...options] = invocation.args;
  await session.synced();
  const chat = await session.chat(name);
  const several = invocation.options.several === true;
  const { messageId, atMs } = await session.sendPoll(chat.chatId, { question, options, several });
  await output.line(`sent to ${shownTitle(chat.title)}`, {
    type: "sent",
    group: chat.title,
    groupId: chat.chatId,
    messageId,
    sentAt: new Date(atMs).toISOString(),
  });
};

/** `vote`: votes in a poll, takes the vote back, or ends an own poll. */
export const vote: Command = async (context) => {
  const { session, invocation, within } = context;
  const [, ...given] = invocation.args;
  const start = idOf(invocation.args[0], "vote");
  const isEnd = invocation.options.end === true;
  const wrong = given.find((choice) => !/^[1-9]\d?$/.test(choice));
  if (wrong !== undefined) throw wrongUsage(`vote: ${wrong} is no number of an option`, "vote");
  if (isEnd && given.length > 0) throw wrongUsage("vote: --end stands without options", "vote");
  await session.synced();
  const target = await messageOf(session, start, " with a poll", ({ poll }) => poll !== undefined, within);
  if (isEnd) {
    await session.engine.endPoll(target.chat.chatId, refOf(target));
    return await done(context, target, "poll-ended", "ended the poll");
  }
  const choices = [...new Set(given.map((choice) => Number(choice) - 1))].sort((a, b) => a - b);
  const { options } = target.item.poll!;
  const tooHigh = choices.find((choice) => choice >= options.length);
  if (tooHigh !== undefined) throw wrongUsage(`vote: the poll has ${options.length} options`, "vote");
  await session.engine.vote(target.chat.chatId, refOf(target), choices);
  await done(context, target, "voted", choices.length === 0 ? "took the vote back" : "voted");
};
