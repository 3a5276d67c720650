/**
 * Remembers in this browser that a recovery code was shown and not confirmed. The code itself is not stored,
 * so after a reload the user can only make a new one.
 */

const key = "qpq-recovery-code-left";

/** @returns whether a code was left unconfirmed; false without a storage */
export function wasCodeLeft(): boolean {
  try {
    return localStorage.getItem(key) !== null;
  } catch {
    return false;
  }
}

/** Remembers that a code is unconfirmed, where the browser allows it. */
export function rememberCodeLeft(left: boolean): void {
  try {
    if (left) localStorage.setItem(key, "1");
    else localStorage.removeItem(key);
  } catch {
    // Where the browser stores nothing, there is no reminder.
  }
}

/** Calls `told` when another tab has shown or confirmed a code. */
export function onCodeLeftElsewhere(told: (left: boolean) => void): void {
  addEventListener("storage", (event) => event.key === key && told(event.newValue !== null));
}
