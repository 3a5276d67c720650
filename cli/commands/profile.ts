/** The command profile. */

import type { ProfileChange } from "../../client/api/engine_api.ts";
import { printable } from "../output.ts";
import type { Command } from "./command.ts";

/** `profile`: prints what the account shows of itself, or changes it and tells the people of the chats. */
export const profile: Command = async ({ session, invocation, output }) => {
  const { name, about, "no-picture": noPicture } = invocation.options;
  const change: ProfileChange = {
    ...(typeof name === "string" && { displayName: name }),
    ...(typeof about === "string" && { about }),
    ...(noPicture === true && { picture: null }),
  };
  await session.synced();
  if (Object.keys(change).length > 0) {
    await session.engine.setProfile(change);
    await session.settled();
  }
  const { displayName, about: line, pictureId } = await session.engine.profile();
  const lines = [
    displayName === undefined ? "no name: your username is shown" : printable(displayName),
    ...(line === undefined ? [] : [printable(line)]),
    ...(pictureId === undefined ? [] : ["a picture"]),
  ];
  await output.line(lines.join("\n"), {
    type: "profile",
    ...(displayName !== undefined && { displayName }),
    ...(line !== undefined && { about: line }),
    picture: pictureId !== undefined,
  });
};
