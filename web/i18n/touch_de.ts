/** German words of small things that stand in several screens. */

import type { touchEn } from "./touch_en.ts";

export const touchDe: Record<keyof typeof touchEn, string> = {
  "settings.shortcuts": "Tastenkürzel",
  "actions.link": "Link zur Nachricht kopieren",
  "chat.link-elsewhere":
    "Die Nachricht dieses Links ist nicht auf diesem Gerät. Ein Link zu einer Nachricht geht dort auf, wo ihr Chat ist, für die Personen dieses Chats.",
  "chat.message-gone":
    "Die Nachricht dieses Links ist nicht hier: Sie wurde gelöscht oder ist verschwunden, oder sie ist von früher, als dieses Gerät noch nicht im Chat war.",
};
