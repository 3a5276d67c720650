/** Whether the app can be installed, as far as the browser says. */

import { createSignal } from "solid-js";

/** Chromium's event; no standard has it. */
interface InstallPrompt extends Event {
  prompt(): Promise<unknown>;
}

export interface Install {
  /**
   * "offered": the browser asks when it is told to. "by-hand": it has no way but its own menu (iOS). "done": the page
   * is an app of its own. Else nothing is known.
   */
  state(): "offered" | "by-hand" | "done" | undefined;
  /** Has the browser ask. */
  ask(): void;
}

/** @returns the state, which follows the browser's events */
export function createInstall(): Install {
  const [prompt, setPrompt] = createSignal<InstallPrompt>();
  const [done, setDone] = createSignal(matchMedia("(display-mode: standalone)").matches);
  addEventListener("beforeinstallprompt", (event) => setPrompt(event as InstallPrompt));
  addEventListener("appinstalled", () => setDone(true));
  const byHand = /iP(hone|ad|od)/.test(navigator.userAgent);
  return {
    state: () => done() ? "done" : prompt() ? "offered" : byHand ? "by-hand" : undefined,
    ask: () => void prompt()?.prompt().catch(() => {}),
  };
}
