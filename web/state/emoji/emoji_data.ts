/** Loads the emoji of the interface's language when they are first asked for. */

import type { Language } from "../../i18n/language.ts";
import { type Emoji, emojiList, type SourceEmoji } from "./emoji_list.ts";

const sources: Record<Language, () => Promise<{ default: SourceEmoji[] }>> = {
  en: () => import("emojibase-data/en/compact.json", { with: { type: "json" } }),
  de: () => import("emojibase-data/de/compact.json", { with: { type: "json" } }),
};

let loaded: { language: Language; list: Promise<Emoji[]> } | undefined;

/** @returns all emoji of a language; a load that has failed is tried again with the next call */
export function loadEmoji(language: Language): Promise<Emoji[]> {
  if (loaded?.language !== language) loaded = { language, list: load(language) };
  return loaded.list;
}

async function load(language: Language): Promise<Emoji[]> {
  try {
    const [source, english] = await Promise.all([sources[language](), sources.en()]);
    return emojiList(source.default, language === "en" ? [] : english.default);
  } catch (error) {
    loaded = undefined;
    throw error;
  }
}
