/** The user's choice of colours: the system's, or always light or dark. Stored in this browser. */

import { createSignal } from "solid-js";

export type Theme = "system" | "light" | "dark";
export const themes: readonly Theme[] = ["system", "light", "dark"];

const key = "qpq-theme";
/** The background colours of web/styles/base.css, for the browser's own bars. */
const grounds = { light: "#f3f5f4", dark: "#101514" };

/** @returns the earlier choice; "system" without one, or without a storage */
export function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(key);
    return themes.find((theme) => theme === stored) ?? "system";
  } catch {
    return "system";
  }
}

const [chosen, setChosen] = createSignal<Theme>();

/** @returns the choice as it is now, tracked */
export function currentTheme(): Theme {
  return chosen() ?? storedTheme();
}

/** Shows the page in a theme. */
export function showTheme(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
  for (const meta of document.querySelectorAll<HTMLMetaElement>("meta[name=theme-color]")) {
    meta.content = grounds[theme === "system" ? (meta.media.includes("dark") ? "dark" : "light") : theme];
  }
}

/** Shows the theme, and stores it where the browser allows it. */
export function chooseTheme(theme: Theme): void {
  setChosen(theme);
  showTheme(theme);
  try {
    localStorage.setItem(key, theme);
  } catch {
    // Where the browser stores nothing, the theme lasts until the page is closed.
  }
}
