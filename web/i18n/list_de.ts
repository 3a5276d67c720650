/** The German words of the list of chats and its menu. */

import type { listEn } from "./list_en.ts";

export const listDe: Record<keyof typeof listEn, string> = {
  "list.search": "Suchen",
  "list.filter": "Welche Chats zu sehen sind",
  "list.all": "Alle",
  "list.unread": "Ungelesen",
  "list.groups": "Gruppen",
  "list.archived": "Archiv",
  "list.none": "Hier ist kein Chat",
  "list.actions": "Chat-Aktionen",
  "list.pin": "Anheften",
  "list.unpin": "Loslösen",
  "list.up": "Nach oben",
  "list.down": "Nach unten",
  "list.archive": "Archivieren",
  "list.unarchive": "Aus dem Archiv holen",
  "list.mute": "Stummschalten",
  "list.unmute": "Stummschaltung aufheben",
  "list.mute-hour": "Für 1 Stunde",
  "list.mute-8-hours": "Für 8 Stunden",
  "list.mute-week": "Für eine Woche",
  "list.mute-always": "Immer",
  "list.mark-unread": "Als ungelesen markieren",
  "list.delete": "Chat löschen",
  "list.delete-title": "„{title}“ auf diesem Gerät löschen?",
  "list.delete-body":
    "Die Nachrichten und Dateien werden hier gelöscht. Du bleibst im Chat: Eine neue Nachricht bringt ihn zurück. Deine anderen Geräte und die anderen Personen behalten ihre.",
  "list.delete-ended":
    "Die Nachrichten und Dateien werden hier gelöscht, und der Chat verschwindet aus der Liste. Deine anderen Geräte und die anderen Personen behalten ihre.",
  "list.delete-yes": "Chat löschen",
  "list.pinned": "Angeheftet",
  "list.muted": "Stumm",
  "list.marked": "Als ungelesen markiert",
  "list.mentions_one": "{count} Erwähnung",
  "list.mentions_other": "{count} Erwähnungen",
  "preview.image": "Foto",
  "preview.video": "Video",
  "preview.voice": "Sprachnachricht",
  "preview.files_one": "{count} Datei",
  "preview.files_other": "{count} Dateien",
};
