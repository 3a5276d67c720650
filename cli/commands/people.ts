/** The commands link, links, requests, block, unblock and blocked, and `join` with a link. */

import { parseLink } from "../../client/account/links/link_text.ts";
import type { InviteLinkInfo, JoinRequestInfo } from "../../client/api/engine_api.ts";
import { Failure, wrongUsage } from "../failure.ts";
import { printable, shownTitle } from "../output.ts";
import type { Session } from "../session.ts";
import { exitCodes } from "../usage.ts";
import type { Command, CommandContext } from "./command.ts";

const dayMs = 24 * 3_600_000;

/** `link`: makes an invite link, into a group or to a chat with this account. */
export const link: Command = async ({ session, invocation, output }) => {
  const { args: [name], options } = invocation;
  const { days = "7" } = options;
  if (!/^[1-9]\d{0,2}$/.test(String(days)) || Number(days) > 366) {
    throw wrongUsage("--days: an integer from 1 to 366", "link");
  }
  if (options["lets-in"] === true && name === undefined) throw wrongUsage("--lets-in: of a link into a group", "link");
  await session.synced();
  const chat = name === undefined ? undefined : await session.chat(name);
  const made = await session.engine.makeLink({
    ...(chat && { chatId: chat.chatId }),
    letsIn: options["lets-in"] === true,
    forMs: Number(days) * dayMs,
  });
  await output.line(addressOf(made, options.at), await recordOf(session, made));
};

/** `links`: lists the account's links, or revokes one. */
export const links: Command = async ({ session, invocation, output }) => {
  const { revoke, at } = invocation.options;
  await session.synced();
  await session.settled();
  const all = await session.engine.links();
  if (typeof revoke === "string") {
    const found = all.filter(({ linkId }) => revoke !== "" && linkId.startsWith(revoke));
    if (found.length !== 1) throw new Failure(exitCodes.failed, "no such link", "qpq links shows the ids");
    const [{ linkId }] = found;
    await session.engine.revokeLink(linkId);
    return await output.line(`link ${linkId.slice(0, 8)} is revoked`, { type: "link-revoked", linkId });
  }
  for (const link of all) {
    const record = await recordOf(session, link);
    const what = link.kind === "chat"
      ? "a chat with you"
      : `${record.group === undefined ? "a group" : shownTitle(record.group)}${link.letsIn ? ", lets in" : ""}`;
    await output.line(`${link.linkId.slice(0, 8)}  ${what}  until ${record.endsAt}\n${addressOf(link, at)}`, record);
  }
};

/** @returns whether an argument of `join` is a link */
export function isLink(text: string | undefined): text is string {
  return text !== undefined && (text.includes("#/i/") || parseLink(text) !== undefined);
}

/** `join` with a link: opens a chat with its maker, or asks to join its group. */
export async function joinByLink({ session, output }: CommandContext, code: string): Promise<void> {
  await session.synced();
  const { username, kind, state } = await session.engine.readLink(code);
  if (state !== "open") throw new Failure(exitCodes.failed, sentences[state], "ask for a new link", "L041");
  const { chatId } = await session.engine.useLink(code);
  if (chatId === undefined) {
    await output.line(`asked ${username} to be let in`, { type: "asked", username, kind });
  } else {
    const record = { type: "joined", group: username, groupId: chatId } as const;
    await output.line(`chat with ${username} ${chatId.slice(0, 8)}`, record);
  }
}

const sentences = {
  own: "this link is your own",
  over: "the link is over: its end has passed, or it was revoked",
  unknown: "the server knows no such account, or not with the link's key",
  blocked: "you block the person who made the link",
};

/** `requests`: lists who asks to be let into a group, or answers one. */
export const requests: Command = async ({ session, invocation, output }) => {
  const { "let-in": letIn, decline } = invocation.options;
  await session.synced();
  // What has come is read in the background.
  await session.settled();
  const waiting = await session.engine.joinRequests();
  const chosen = letIn ?? decline;
  if (typeof chosen !== "string") {
    for (const request of waiting) await output.line(lineOf(request), requestRecord(request));
    return;
  }
  const request = waiting.find(({ requestId, username }) => requestId === chosen || username === chosen);
  if (!request) throw new Failure(exitCodes.failed, "no such request", "qpq requests lists them");
  const isIn = letIn !== undefined;
  await session.engine.answerJoinRequest(request.requestId, isIn);
  const { username } = request;
  await output.line(`${username} is ${isIn ? "let in" : "declined"}`, {
    type: "request-answered",
    username,
    letIn: isIn,
  });
};

function lineOf({ requestId, username, note }: JoinRequestInfo): string {
  return `${requestId}  ${username}${note === "" ? "" : `  “${printable(note)}”`}`;
}

function requestRecord({ requestId, username, accountKey, chatId, note, atMs }: JoinRequestInfo) {
  const at = new Date(atMs).toISOString();
  return { type: "request", requestId, username, accountKey, groupId: chatId, note, at } as const;
}

/** `block`: shows nothing of people any more. */
export const block: Command = async ({ session, invocation, output }) => {
  await session.synced();
  for (const identity of invocation.args) {
    const username = await session.username(identity);
    await session.engine.block(username);
    await output.line(`${username} is blocked`, { type: "blocked", username });
  }
};

/** `unblock`: shows again what people write. */
export const unblock: Command = async ({ session, invocation, output }) => {
  await session.synced();
  await session.settled();
  const { blocked } = await session.engine.peopleSettings();
  for (const identity of invocation.args) {
    const person = blocked.find(({ username, accountKey }) => username === identity || accountKey === identity);
    if (!person) throw new Failure(exitCodes.failed, `${printable(identity)} is not blocked`, "qpq blocked lists them");
    const { username, accountKey } = person;
    await session.engine.unblock(accountKey);
    await output.line(`${username} is not blocked any more`, { type: "unblocked", username });
  }
};

/** `blocked`: lists whom the account blocks. */
export const blocked: Command = async ({ session, output }) => {
  await session.synced();
  await session.settled();
  for (const { username, accountKey, sinceMs } of (await session.engine.peopleSettings()).blocked) {
    const since = new Date(sinceMs).toISOString();
    await output.line(`${username}  since ${since}`, { type: "blocked-person", username, accountKey, since });
  }
};

/** The app's address is not known here, unless it is given: a code works as well. */
function addressOf({ code }: InviteLinkInfo, at: unknown): string {
  return typeof at === "string" ? `${at.replace(/[/#]+$/, "")}/#/i/${code}` : code;
}

async function recordOf(session: Session, { linkId, kind, chatId, letsIn, code, endMs }: InviteLinkInfo) {
  const chat = (await session.engine.chats()).find((chat) => chat.chatId === chatId);
  return {
    type: "link",
    linkId,
    kind,
    letsIn,
    code,
    endsAt: new Date(endMs).toISOString(),
    ...(chat && { group: chat.title, groupId: chat.chatId }),
  } as const;
}
