/** The user's choice of language, stored in this browser. */

import type { Language } from "../i18n/language.ts";

const key = "qpq-language";

/** @returns the earlier choice; null without one, or without a storage */
export function storedLanguage(): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Stores the language and reloads the page: texts are not reactive. */
export function chooseLanguageForGood(language: Language): void {
  try {
    localStorage.setItem(key, language);
    const address = new URL(location.href);
    address.searchParams.delete("lang");
    history.replaceState(history.state, "", address);
    location.reload();
  } catch {
    // Where the browser stores nothing, the address carries the choice.
    location.search = `?lang=${language}`;
  }
}
