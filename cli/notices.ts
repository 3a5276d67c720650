/** The sentences that qpq prints for notices of a conversation. */

import type { NoticeItem } from "../client/api/engine_api.ts";
import { writeDuration } from "./durations.ts";
import { printable } from "./output.ts";

const sentences: Record<NoticeItem["notice"], string> = {
  created: "{by} started this conversation",
  added: "{by} added {who}",
  removed: "{by} removed {who}",
  left: "{who} left",
  "device-added": "{who} is using a new device ({device})",
  "device-removed": "a device of {who} was removed ({device})",
  renamed: '{by} renamed the group to "{name}"',
  "timer-set": "{by} set messages to disappear after {timer}",
  "timer-off": "{by} turned disappearing messages off",
  described: "{by} changed the description",
  pictured: "{by} changed the picture",
  rejoined: "{who} was put back into this conversation by {by}",
  unreadable: "a message could not be opened on this device ({code})",
  rejected: "a message that broke the rules was refused ({code})",
  gap: "the server dropped messages here because too many were waiting for this device",
  successor: "the conversation moved to a fresh channel; everything before stays",
  "removed-by-server": "the server says that {who} is no longer in this conversation; no member has confirmed it",
  "server-differs":
    "with a change by {by} the server was told of other members than this conversation has; it is being put right",
  healed: "this device could not follow a change and was helped by a member; nothing is missing",
  "rolled-back": "the state of this device is older than what it sent before; the members are asked to put it back",
  "server-behind": "the server has gone back in time; an admin's device moves the conversation to a fresh channel",
  "left-behind":
    "the device of {by} says that the group goes on without this device; what you write waits for an hour, or until " +
    "somebody adds you or writes here; after that it may reach nobody",
  promoted: "{by} made {who} an admin",
  demoted: "{by} made {who} a member again",
  "not-added": "{who} could not be added: none of their devices has keys that others can use",
  "invited-only": "{who} could not be added: takes people alone who have an invite link; ask for one",
  unopened:
    "messages that could not be opened on this device: {count}; devices that they name as senders are asked again",
  reopened: "messages that could not be opened on this device at first, and that came later: {count}",
  "not-resent": "messages that were to be sent again, and that did not reach every device in 7 days: {count}",
  resent: "the server was restored from a backup; messages that this device has sent again: {count}",
};

/** What stands for a person who is not known, and for a name in which nothing can be seen. */
const missing: Record<string, string> = { by: "someone", who: "someone", name: "(nothing can be seen)" };

/** @returns the sentence, safe for a terminal */
export function sentenceOf({ notice, values }: Pick<NoticeItem, "notice" | "values">): string {
  const { timerMs } = values;
  const all: Record<string, string> = { ...values, ...(timerMs && { timer: writeDuration(Number(timerMs)) }) };
  return sentences[notice].replaceAll(
    /\{(\w+)\}/g,
    (_, key: string) => {
      const value = printable(all[key] || missing[key] || "");
      // A name stands in quotes, and must not end them.
      return key === "name" && all.name ? value.replaceAll(/["\\]/g, "\\$&") : value;
    },
  );
}
