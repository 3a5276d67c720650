/** The list of first steps after an account was made here: whether it is shown. Kept in this browser. */

import { createSignal } from "solid-js";

const key = "qpq-first-steps";

export interface FirstSteps {
  shown(): boolean;
  /** An account was made. */
  begin(): void;
  /** The user has hidden the list for good, or has signed out. */
  end(): void;
}

function stored(): boolean {
  try {
    return localStorage.getItem(key) !== null;
  } catch {
    return false;
  }
}

/** @returns the list's state; where the browser stores nothing, it lasts until the page is closed */
export function createFirstSteps(): FirstSteps {
  const [shown, setShown] = createSignal(stored());
  const set = (now: boolean) => {
    setShown(now);
    try {
      if (now) localStorage.setItem(key, "1");
      else localStorage.removeItem(key);
    } catch {
      // It is known to this page alone.
    }
  };
  addEventListener("storage", (event) => event.key === key && setShown(event.newValue !== null));
  return { shown, begin: () => set(true), end: () => set(false) };
}
