/**
 * The keyboard shortcuts: one table that binds them and that the help shows, so that both can not part. Whoever
 * handles a key asks {@link pressed} for the shortcut by its name.
 */

export interface KeyCombination {
  /** As `KeyboardEvent.key` names it; letters in lower case. */
  key: string;
  /** Ctrl; on Apple's keyboards ⌘. */
  mod?: boolean;
  shift?: boolean;
  alt?: boolean;
}

interface Shortcut {
  group: ShortcutGroup;
  /** Any of them. */
  keys: readonly KeyCombination[];
}

export const shortcutGroups = ["anywhere", "chats", "writing"] as const;
export type ShortcutGroup = typeof shortcutGroups[number];

/** Those that are heard wherever the focus is. */
export const pageShortcuts = [
  "palette",
  "help",
  "search",
  "new-chat",
  "settings",
  "close",
  "previous-chat",
  "next-chat",
  "search-chat",
] as const;
export type PageShortcut = typeof pageShortcuts[number];
/** Those of the field for writing. */
export const fieldShortcuts = ["send", "new-line", "edit-last", "cancel"] as const;
export type ShortcutId = PageShortcut | typeof fieldShortcuts[number];

/** Browsers keep Ctrl+N, Ctrl+T and Ctrl+W for themselves, and Ctrl+F for the page. */
export const shortcuts: Record<ShortcutId, Shortcut> = {
  palette: { group: "anywhere", keys: [{ key: "k", mod: true }] },
  help: { group: "anywhere", keys: [{ key: "?" }] },
  search: { group: "anywhere", keys: [{ key: "/" }] },
  settings: { group: "anywhere", keys: [{ key: ",", mod: true }] },
  close: { group: "anywhere", keys: [{ key: "Escape" }] },
  "new-chat": { group: "chats", keys: [{ key: "n", alt: true }] },
  "previous-chat": { group: "chats", keys: [{ key: "ArrowUp", alt: true }] },
  "next-chat": { group: "chats", keys: [{ key: "ArrowDown", alt: true }] },
  "search-chat": { group: "chats", keys: [{ key: "f", mod: true, shift: true }] },
  send: { group: "writing", keys: [{ key: "Enter" }, { key: "Enter", mod: true }] },
  "new-line": { group: "writing", keys: [{ key: "Enter", shift: true }] },
  "edit-last": { group: "writing", keys: [{ key: "ArrowUp" }] },
  cancel: { group: "writing", keys: [{ key: "Escape" }] },
};

export type KeyPress = Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">;

/** @returns whether the keyboard has ⌘ in place of Ctrl */
export function isApple(platform = navigator.platform): boolean {
  return /^(Mac|iP)/.test(platform);
}

/** @returns whether a shortcut's keys are pressed */
export function pressed(event: KeyPress, id: ShortcutId, apple = isApple()): boolean {
  return shortcuts[id].keys.some((combination) => matches(event, combination, apple));
}

function matches(event: KeyPress, combination: KeyCombination, apple: boolean): boolean {
  const { key, mod = false, shift = false, alt = false } = combination;
  const [control, other] = apple ? [event.metaKey, event.ctrlKey] : [event.ctrlKey, event.metaKey];
  // A sign stands on another key of each keyboard, with Shift or without.
  const isSign = /^[^\p{L}\p{N}]$/u.test(key);
  // With Option, Apple's keyboards write other letters: the key itself counts.
  const isKey = event.key.toLowerCase() === key.toLowerCase() || (alt && event.code === `Key${key.toUpperCase()}`);
  return isKey && control === mod && !other && event.altKey === alt && (isSign || event.shiftKey === shift);
}

/** @returns whether the key would write something where the focus is */
export function writes(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey">, at: Element | null) {
  const isField = at?.matches("textarea, select, input:not([type=checkbox], [type=radio]), [contenteditable]") ?? false;
  return isField && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
}
