/** The commands send and recv. */

import { LocalCode } from "../../client/api/errors.ts";
import { Failure, wrongUsage } from "../failure.ts";
import { follow, wakeWithNetwork } from "../following.ts";
import { type Output, shownTitle } from "../output.ts";
import { Printer } from "../printer.ts";
import type { Session } from "../session.ts";
import { exitCodes } from "../usage.ts";
import type { Command } from "./command.ts";
import { fileToSend } from "./files.ts";

/** `send`: one message, from the command line or from standard input. */
export const send: Command = async ({ session, invocation, output, input, files: callers }) => {
  const [name, message] = invocation.args;
  const { file, caption } = invocation.options as Record<string, string | undefined>;
  const withMetadata = invocation.options["with-metadata"] === true;
  if (message === undefined && file === undefined) throw wrongUsage("send: <message> is missing", "send");
  if (caption !== undefined && (file === undefined || message !== undefined)) {
    throw wrongUsage("send: --caption stands beside --file, in place of the message", "send");
  }
  if (withMetadata && file === undefined) throw wrongUsage("send: --with-metadata stands beside --file", "send");
  const text = message === "-" ? await input() : message ?? caption ?? "";
  if (text === "" && file === undefined) throw wrongUsage("send: the message is empty", "send");
  const files = file === undefined ? [] : [await fileToSend(callers, file, withMetadata)];
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
  const printer = new Printer(session, output, { only, withIds: invocation.options.ids === true });
  await printer.print();
  if (interrupted.aborted) return;
  if (invocation.options.follow !== true) return await recovered(session, printer, output, interrupted);
  const stopNetworkWatch = wakeWithNetwork(session);
  await follow(session, printer, interrupted).finally(stopNetworkWatch);
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
