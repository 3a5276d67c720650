/** English words of small things that stand in several screens: shortcuts, links to messages, states in the list. */

export const touchEn = {
  "settings.shortcuts": "Keyboard shortcuts",
  "actions.link": "Copy link to message",
  "chat.link-elsewhere":
    "The message of this link is not on this device. A link to a message works where its chat is, for the people of that chat.",
  "chat.message-gone":
    "The message of this link is not here: it was deleted or has disappeared, or it is from before this device was in the chat.",
} as const;
