/** The commands create-group, invite, join, groups, members, remove, rename, role, timer and leave. */

import { readTimer, writeTimer } from "../durations.ts";
import type { ChatSummary } from "../../client/api/engine_api.ts";
import { Failure, wrongUsage } from "../failure.ts";
import { shownTitle } from "../output.ts";
import { isLink, joinByLink } from "./people.ts";
import { exitCodes } from "../usage.ts";
import type { Command } from "./command.ts";

const named = ({ chatId, title }: ChatSummary) => ({ group: title, groupId: chatId });

/** `create-group`: a group with its founder alone. */
export const createGroup: Command = async ({ session, invocation, output }) => {
  const [name] = invocation.args;
  await session.synced();
  const groupId = await session.engine.startChat([], name);
  await output.line(`group ${shownTitle(name)} ${groupId.slice(0, 8)}`, {
    type: "group-created",
    group: name,
    groupId,
  });
};

/** `invite`: adds people to a group. */
export const invite: Command = async ({ session, invocation, output }) => {
  const [name, ...identities] = invocation.args;
  await session.synced();
  const chat = await session.chat(name);
  const usernames = await Promise.all(identities.map((identity) => session.username(identity)));
  await session.engine.addPeople(chat.chatId, usernames);
  await output.line(
    `${usernames.join(", ")} ${usernames.length === 1 ? "is" : "are"} invited to ${shownTitle(chat.title)}`,
    { type: "invited", ...named(chat), usernames },
  );
};

/** `join`: accepts one invitation, or all invitations, or uses a link. */
export const join: Command = async (context) => {
  const { session, invocation, output } = context;
  const [given] = invocation.args;
  // Others can read a command line, and a link is secret.
  const name = given === "-" ? (await context.input()).trim() : given;
  if (isLink(name)) return await joinByLink(context, name);
  await session.synced();
  const waiting = name === undefined
    ? (await session.engine.chats()).filter(({ invitation, active }) => invitation && active)
    : [await session.chat(name)];
  if (waiting.length === 0) throw new Failure(exitCodes.failed, "no invitation waits", "ask a member to invite you");
  for (const chat of waiting) {
    await session.engine.acceptInvitation(chat.chatId);
    await output.line(`joined ${shownTitle(chat.title)} ${chat.chatId.slice(0, 8)}`, {
      type: "joined",
      ...named(chat),
    });
  }
};

/** `groups`: lists chats after group maintenance is done. */
export const groups: Command = async ({ session, output }) => {
  await session.synced();
  await session.settled();
  for (const chat of await session.engine.chats()) {
    const state = !chat.active ? "ended" : chat.invitation ? "invitation" : "member";
    const { unread, members, kind, timerMs } = chat;
    await output.line(
      `${chat.chatId.slice(0, 8)}  ${shownTitle(chat.title)}  ${members.length} ${
        members.length === 1 ? "person" : "people"
      }${unread > 0 ? `  ${unread} new` : ""}${
        timerMs === undefined ? "" : `  messages disappear after ${writeTimer(timerMs)}`
      }${state === "member" ? "" : `  (${state})`}`,
      {
        type: "group",
        ...named(chat),
        kind,
        state,
        members: members.length,
        unread,
        activeAt: new Date(chat.activityMs).toISOString(),
        ...(timerMs !== undefined && { timerSeconds: timerMs / 1_000 }),
      },
    );
  }
};

/** `members`: lists the members of a group. */
export const members: Command = async ({ session, invocation, output }) => {
  await session.synced();
  await session.settled();
  const chat = await session.chat(invocation.args[0]);
  for (
    const member of chat.members
  ) {
    const { username, displayName, accountKey, role, self } = member;
    const { verified = false, keyChanged = false, keyReplaced = false } = member;
    const shown = displayName === undefined ? "" : `  ${shownTitle(displayName)}`;
    const marks = `${self ? " (you)" : ""}${role === "admin" ? "  admin" : ""}${verified ? "  verified" : ""}${
      keyChanged ? "  the key has changed" : ""
    }${keyReplaced ? "  a former key" : ""}`;
    await output.line(`${username}${shown}${marks}  ${accountKey}`, {
      type: "member",
      ...named(chat),
      username,
      ...(displayName !== undefined && { displayName }),
      accountKey,
      role,
      self,
      verified,
      keyChanged,
      keyReplaced,
    });
  }
};

/** `remove`: removes people, one after the other. */
export const remove: Command = async ({ session, invocation, output }) => {
  const [name, ...identities] = invocation.args;
  await session.synced();
  const chat = await session.chat(name);
  for (const identity of identities) {
    const username = await session.username(identity);
    await session.engine.removePerson(chat.chatId, username);
    // While the group stands still, the engine notes the removal and makes it later.
    const noted = (await session.chat(name)).recovering === true;
    await output.line(
      `${username} ${noted ? "will be" : "is"} out of ${shownTitle(chat.title)}`,
      { type: "removed", ...named(chat), username, ...(noted && { noted }) },
    );
  }
};

/** `rename`: changes the name of a group. */
export const rename: Command = async ({ session, invocation, output }) => {
  const [name, to] = invocation.args;
  await session.synced();
  const chat = await session.chat(name);
  await session.engine.renameChat(chat.chatId, to);
  await output.line(`${shownTitle(chat.title)} is ${shownTitle(to)} from now on`, {
    type: "renamed",
    group: to,
    groupId: chat.chatId,
  });
};

/** `role`: makes people admins or members. */
export const role: Command = async ({ session, invocation, output }) => {
  const [name, identity, wanted] = invocation.args;
  if (wanted !== "admin" && wanted !== "member") {
    throw wrongUsage(`role: ${wanted} is neither admin nor member`, "role");
  }
  await session.synced();
  const chat = await session.chat(name);
  const username = await session.username(identity);
  await session.engine.setRole(chat.chatId, username, wanted);
  await output.line(`${username} is ${wanted === "admin" ? "an admin" : "a member"} of ${shownTitle(chat.title)}`, {
    type: "role",
    ...named(chat),
    username,
    role: wanted,
  });
};

/** `timer`: messages disappear after a time. */
export const timer: Command = async ({ session, invocation, output }) => {
  const [name, wanted] = invocation.args;
  const timerMs = readTimer(wanted);
  if (timerMs === "wrong") throw wrongUsage(`timer: ${wanted} is neither a duration nor "off"`, "timer");
  await session.synced();
  const chat = await session.chat(name);
  await session.engine.setTimer(chat.chatId, timerMs);
  const says = timerMs === undefined ? "stay" : `disappear after ${writeTimer(timerMs)}`;
  await output.line(`messages in ${shownTitle(chat.title)} ${says}`, {
    type: "timer",
    ...named(chat),
    ...(timerMs !== undefined && { timerSeconds: timerMs / 1_000 }),
  });
};

/** `leave`: proposes to leave, and waits a moment for a member to commit it. */
export const leave: Command = async ({ session, invocation, output }) => {
  await session.synced();
  const chat = await session.chat(invocation.args[0]);
  await session.engine.leaveChat(chat.chatId);
  const confirmed = await session.left(chat.chatId);
  await output.line(
    confirmed
      ? `left ${shownTitle(chat.title)}`
      : `leaving ${shownTitle(chat.title)}: the next member who is there confirms it`,
    { type: "left", ...named(chat), confirmed },
  );
};
