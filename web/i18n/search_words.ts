/** The sentences of the search. They come with its parts, which are loaded where they are shown. */

import { fill, type Language, language } from "./language.ts";

/** `{count}`, `{at}`, `{name}`, `{chat}`, `{text}`: places that the caller fills. */
export interface SearchWords {
  results: string;
  people: string;
  messages: string;
  in: string;
  you: string;
  nothing: string;
  nobody: string;
  scopes: string;
  "scope-all": string;
  "scope-chats": string;
  "scope-people": string;
  "scope-messages": string;
  "scope-files": string;
  from: string;
  "from-all": string;
  "from-you": string;
  since: string;
  "since-all": string;
  "since-1": string;
  "since-7": string;
  "since-30": string;
  "since-365": string;
  building: string;
  searching: string;
  more: string;
  local: string;
  inChat: string;
  count: string;
  none: string;
  older: string;
  newer: string;
  date: string;
  close: string;
}

const en: SearchWords = {
  results: "Search results",
  people: "People",
  messages: "Messages",
  in: "{name} in {chat}",
  you: "You",
  nothing: "No messages with “{text}”.",
  nobody: "Nobody is called “{text}”.",
  scopes: "What is searched",
  "scope-all": "Everything",
  "scope-chats": "Chats",
  "scope-people": "People",
  "scope-messages": "Messages",
  "scope-files": "Files",
  from: "From",
  "from-all": "From everybody",
  "from-you": "From you",
  since: "Since when",
  "since-all": "Any time",
  "since-1": "Last 24 hours",
  "since-7": "Last 7 days",
  "since-30": "Last 30 days",
  "since-365": "Last 12 months",
  building: "Older messages are still being made searchable.",
  searching: "Searching…",
  more: "Show more",
  local: "Searched on this device only.",
  inChat: "Search in this chat",
  count: "{at} of {count}",
  none: "No match",
  older: "Older match",
  newer: "Newer match",
  date: "Go to a date",
  close: "Close the search",
};

const de: SearchWords = {
  results: "Suchergebnisse",
  people: "Personen",
  messages: "Nachrichten",
  in: "{name} in {chat}",
  you: "Du",
  nothing: "Keine Nachrichten mit „{text}“.",
  nobody: "Niemand heißt „{text}“.",
  scopes: "Was durchsucht wird",
  "scope-all": "Alles",
  "scope-chats": "Chats",
  "scope-people": "Personen",
  "scope-messages": "Nachrichten",
  "scope-files": "Dateien",
  from: "Von",
  "from-all": "Von allen",
  "from-you": "Von dir",
  since: "Seit wann",
  "since-all": "Egal wann",
  "since-1": "Letzte 24 Stunden",
  "since-7": "Letzte 7 Tage",
  "since-30": "Letzte 30 Tage",
  "since-365": "Letzte 12 Monate",
  building: "Ältere Nachrichten werden noch durchsuchbar gemacht.",
  searching: "Suche läuft …",
  more: "Mehr anzeigen",
  local: "Gesucht wird nur auf diesem Gerät.",
  inChat: "In diesem Chat suchen",
  count: "{at} von {count}",
  none: "Kein Treffer",
  older: "Älterer Treffer",
  newer: "Neuerer Treffer",
  date: "Zu einem Datum springen",
  close: "Suche schließen",
};

const catalogues: Record<Language, SearchWords> = { en, de };

/** @returns a sentence of the search in the page's language, with its places filled */
export function searchWord(key: keyof SearchWords, values: Record<string, string | number> = {}): string {
  return fill(catalogues[language][key], values);
}
