/** The lines that a conversation shows beside its messages, in English. */

export const noticesEn = {
  "notice.created": "{by} started this conversation",
  "notice.added": "{by} added {who}",
  "notice.removed": "{by} removed {who}",
  "notice.removed-by-nobody": "{who} was removed",
  "notice.left": "{who} left",
  "notice.device-added": "{who} is using a new device ({device})",
  "notice.device-removed": "A device of {who} was removed ({device})",
  "notice.renamed": "{by} renamed the group to “{name}”",
  "notice.rejoined": "{who} was put back into this conversation by {by}",
  "notice.unreadable": "A message could not be opened on this device ({code})",
  "notice.rejected": "A message that broke the rules was refused ({code})",
  "notice.gap": "The server dropped messages here because too many were waiting for this device",
  "notice.successor": "The conversation moved to a fresh channel; everything above stays",
  "notice.removed-by-server":
    "The server says that {who} is no longer in this conversation. No member has confirmed it.",
  "notice.server-differs":
    "With a change by {by} the server was told of other members than this conversation has. It is being put right.",
  "notice.healed": "This device could not follow a change and was helped by a member; nothing is missing",
  "notice.rolled-back":
    "The data of this device is older than what it sent before, so it no longer fits this conversation. The members are asked to put it back.",
  "notice.server-behind":
    "The server has gone back in time, so this conversation can not go on in its channel. An admin’s device moves it to a fresh one.",
  "notice.left-behind":
    "The device of {by} says that the group goes on without this device, after the server was restored. What you write waits here until a member has added you again.",
  "notice.promoted": "{by} made {who} an admin",
  "notice.demoted": "{by} made {who} a member again",
  "notice.not-added": "{who} could not be added: none of their devices has keys that others can use",
  "notice.unopened":
    "Messages that could not be opened on this device: {count}. Where a message says which device sent it, that device is asked for it again.",
  "notice.reopened": "Messages that could not be opened on this device at first, and that came later: {count}",
  "notice.not-resent": "Messages that were to be sent again, and that did not reach every device in 7 days: {count}",
  "notice.resent": "The server was restored from a backup. Messages that this device has sent again: {count}",
  "notice.key-changed": "The account key of {who} has changed. Ask {who} in another way before you write on.",
  "notice.by-you.created": "You started this conversation",
  "notice.by-you.added": "You added {who}",
  "notice.by-you.removed": "You removed {who}",
  "notice.by-you.renamed": "You renamed the group to “{name}”",
  "notice.by-you.promoted": "You made {who} an admin",
  "notice.by-you.demoted": "You made {who} a member again",
  "notice.whom-you.added": "{by} added you",
  "notice.whom-you.removed": "{by} removed you",
  "notice.whom-you.removed-by-nobody": "You were removed",
  "notice.whom-you.left": "You left",
  "notice.whom-you.rejoined": "{by} put you back into this conversation",
  "notice.whom-you.promoted": "{by} made you an admin",
  "notice.whom-you.demoted": "{by} made you a member again",
  "notice.you": "you",
  "notice.someone": "someone",
  "notice.no-name": "a name that nobody can see",
};
