/** The sentences of the palette and of the help for shortcuts. They come with these parts. */

import type { ShortcutGroup, ShortcutId } from "../state/shortcuts.ts";
import { type Language, language } from "./language.ts";

/** What can be done from the palette. */
export type PaletteCommand =
  | "new-chat"
  | "notes"
  | "invite"
  | "archived"
  | "settings"
  | "shortcuts"
  | "theme-light"
  | "theme-dark"
  | "theme-system"
  | "search-chat"
  | "details"
  | "mute"
  | "unmute"
  | "pin"
  | "unpin"
  | "archive"
  | "unarchive"
  | "mark-unread";

/** `{title}`, `{text}`, `{name}`, `{count}`: places that the caller fills. */
export interface PaletteWords {
  title: string;
  field: string;
  hint: string;
  close: string;
  sections: Record<"commands" | "chats" | "people" | "messages", string>;
  none: string;
  count: Record<"one" | "other", string>;
  members: Record<"one" | "other", string>;
  archived: string;
  write: string;
  searchAll: string;
  choose: string;
  open: string;
  commandsOnly: string;
  peopleOnly: string;
  commands: Record<PaletteCommand, string>;
  helpTitle: string;
  groups: Record<ShortcutGroup, string>;
  shortcuts: Record<ShortcutId, string>;
  keys: Record<string, string>;
}

const en: PaletteWords = {
  title: "Jump to anything",
  field: "Jump to a chat or run a command",
  hint: "A chat, a person or a command",
  close: "Close",
  sections: { commands: "Commands", chats: "Chats", people: "People", messages: "Messages" },
  none: "Nothing is called that.",
  count: { one: "{count} result", other: "{count} results" },
  members: { one: "{count} member", other: "{count} members" },
  archived: "Archived",
  write: "Start a chat with {name}",
  searchAll: "Search all messages for “{text}”",
  choose: "choose",
  open: "open",
  commandsOnly: "commands only",
  peopleOnly: "people only",
  commands: {
    "new-chat": "New chat or group",
    notes: "Note to self",
    invite: "Invite somebody",
    archived: "Show archived chats",
    settings: "Settings",
    shortcuts: "Keyboard shortcuts",
    "theme-light": "Light colours",
    "theme-dark": "Dark colours",
    "theme-system": "Colours as the system has them",
    "search-chat": "Search in {title}",
    details: "Details of {title}",
    mute: "Mute {title}",
    unmute: "Unmute {title}",
    pin: "Pin {title}",
    unpin: "Unpin {title}",
    archive: "Archive {title}",
    unarchive: "Take {title} out of the archive",
    "mark-unread": "Mark {title} as unread",
  },
  helpTitle: "Keyboard shortcuts",
  groups: { anywhere: "Anywhere", chats: "Chats", writing: "While writing" },
  shortcuts: {
    palette: "Jump to anything",
    help: "Keyboard shortcuts",
    search: "Search",
    "new-chat": "New chat",
    settings: "Settings",
    close: "Close what is open",
    "previous-chat": "Previous chat",
    "next-chat": "Next chat",
    "search-chat": "Search in this chat",
    send: "Send",
    "new-line": "New line",
    "edit-last": "Edit your last message, in an empty field",
    cancel: "Stop editing or replying",
  },
  keys: { Control: "Ctrl", Shift: "Shift", Alt: "Alt", Enter: "Enter", Escape: "Esc" },
};

const de: PaletteWords = {
  title: "Überall hin",
  field: "Zu einem Chat springen oder etwas tun",
  hint: "Ein Chat, eine Person oder ein Befehl",
  close: "Schließen",
  sections: { commands: "Befehle", chats: "Chats", people: "Personen", messages: "Nachrichten" },
  none: "So heißt hier nichts.",
  count: { one: "{count} Ergebnis", other: "{count} Ergebnisse" },
  members: { one: "{count} Mitglied", other: "{count} Mitglieder" },
  archived: "Archiviert",
  write: "Chat mit {name} beginnen",
  searchAll: "Alle Nachrichten nach „{text}“ durchsuchen",
  choose: "wählen",
  open: "öffnen",
  commandsOnly: "nur Befehle",
  peopleOnly: "nur Personen",
  commands: {
    "new-chat": "Neuer Chat oder neue Gruppe",
    notes: "Notiz an mich",
    invite: "Jemanden einladen",
    archived: "Archivierte Chats anzeigen",
    settings: "Einstellungen",
    shortcuts: "Tastenkürzel",
    "theme-light": "Helle Farben",
    "theme-dark": "Dunkle Farben",
    "theme-system": "Farben wie im System",
    "search-chat": "In {title} suchen",
    details: "Einzelheiten zu {title}",
    mute: "{title} stummschalten",
    unmute: "Stummschaltung von {title} aufheben",
    pin: "{title} anheften",
    unpin: "{title} loslösen",
    archive: "{title} archivieren",
    unarchive: "{title} aus dem Archiv holen",
    "mark-unread": "{title} als ungelesen markieren",
  },
  helpTitle: "Tastenkürzel",
  groups: { anywhere: "Überall", chats: "Chats", writing: "Beim Schreiben" },
  shortcuts: {
    palette: "Überall hin",
    help: "Tastenkürzel",
    search: "Suchen",
    "new-chat": "Neuer Chat",
    settings: "Einstellungen",
    close: "Schließen, was offen ist",
    "previous-chat": "Voriger Chat",
    "next-chat": "Nächster Chat",
    "search-chat": "In diesem Chat suchen",
    send: "Senden",
    "new-line": "Neue Zeile",
    "edit-last": "Deine letzte Nachricht bearbeiten, im leeren Feld",
    cancel: "Bearbeiten oder Antworten abbrechen",
  },
  keys: { Control: "Strg", Shift: "Umschalt", Alt: "Alt", Enter: "Eingabe", Escape: "Esc" },
};

const catalogues: Record<Language, PaletteWords> = { en, de };

/** @returns the sentences in the page's language */
export function paletteWords(): PaletteWords {
  return catalogues[language];
}
