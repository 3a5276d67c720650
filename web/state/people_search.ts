/**
 * Searches people by the typed text. Only the newest query counts, and a short pause saves calls to the
 * server.
 */

import { createEffect, createSignal, onCleanup } from "solid-js";
import type { App } from "./app.ts";

const pauseMs = 120;

/**
 * @returns the different usernames of a pasted list: separated by spaces, commas, semicolons or line ends,
 *   with or without @
 */
export function namesIn(text: string): string[] {
  return [
    ...new Set(text.toLowerCase().split(/[\s,;]+/).map((name) => name.replace(/^@/, "")).filter((name) => name !== "")),
  ];
}

export interface PeopleSearch {
  text(): string;
  setText(text: string): void;
  /** Undefined while there is no result for the text. */
  found(): string[] | undefined;
  searching(): boolean;
}

/** @param isExcluded whether a person can not be picked (any more) */
export function createPeopleSearch(app: App, isExcluded: (username: string) => boolean): PeopleSearch {
  const [text, setText] = createSignal("");
  const [found, setFound] = createSignal<string[]>();
  const [searching, setSearching] = createSignal(false);
  createEffect(() => {
    const wanted = text().trim().toLowerCase();
    setFound(undefined);
    setSearching(wanted !== "");
    if (wanted === "") return;
    let current = true;
    const timer = setTimeout(() => {
      app.engine.findPeople(wanted).then((names) => current && setFound(names), (error) => current && app.report(error))
        .finally(() => current && setSearching(false));
    }, pauseMs);
    onCleanup(() => {
      current = false;
      clearTimeout(timer);
    });
  });
  return { text, setText, found: () => found()?.filter((username) => !isExcluded(username)), searching };
}
