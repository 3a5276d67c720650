/** The command dm: the chat of two with a person. */

import { wrongUsage } from "../failure.ts";
import { shownTitle } from "../output.ts";
import type { Command } from "./command.ts";

/** `dm`: finds the chat with a person or begins it, and sends a message there. */
export const dm: Command = async ({ session, invocation, output, input }) => {
  const [identity, message] = invocation.args;
  const text = message === "-" ? await input() : message;
  if (text === "") throw wrongUsage("dm: the message is empty", "dm");
  await session.synced();
  const username = await session.username(identity);
  const groupId = await session.engine.startChat([username]);
  if (text === undefined) {
    const record = { type: "joined", group: username, groupId } as const;
    return await output.line(`chat with ${username} ${groupId.slice(0, 8)}`, record);
  }
  const { messageId, atMs } = await session.send(groupId, text);
  await output.line(`sent to ${shownTitle(username)}`, {
    type: "sent",
    group: username,
    groupId,
    messageId,
    sentAt: new Date(atMs).toISOString(),
  });
};
