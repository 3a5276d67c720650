/**
 * That a recovery code was shown and not confirmed yet. The code itself is kept nowhere, so after a reload
 * only a new one helps. Kept in this browser.
 */

const key = "qpq-recovery-code-left";

/** @returns whether a code was left without being confirmed; false without a storage */
export function wasCodeLeft(): boolean {
  try {
    return localStorage.getItem(key) !== null;
  } catch {
    return false;
  }
}

/** Remembers it, where the browser lets it. */
export function rememberCodeLeft(left: boolean): void {
  try {
    if (left) localStorage.setItem(key, "1");
    else localStorage.removeItem(key);
  } catch {
    // A browser that keeps nothing reminds of nothing.
  }
}

/** Another tab has shown or confirmed one. */
export function onCodeLeftElsewhere(told: (left: boolean) => void): void {
  addEventListener("storage", (event) => event.key === key && told(event.newValue !== null));
}
