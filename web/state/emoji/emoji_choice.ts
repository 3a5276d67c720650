/** Which emoji were used last, and in which tone of skin. Stored in this browser, where it stores anything. */

const recentsKey = "qpq-emoji";
const toneKey = "qpq-emoji-tone";
const mostRecents = 24;
const darkestTone = 5;
/** The longest sign that is kept, in UTF-16 units. */
const longestSign = 40;

/** Signs that are offered at a message at once. */
export const quickReactions: readonly string[] = ["👍", "❤️", "😂", "😮", "😢", "🙏"];

/** Forgets both, as signing out does with all that tells of an account. */
export function forgetEmoji(): void {
  try {
    for (const key of [recentsKey, toneKey]) localStorage.removeItem(key);
  } catch {
    // There was none.
  }
}

/** @returns the signs that were used last, the last one first; none where the stored value is not ours */
export function recentEmoji(): string[] {
  try {
    const stored: unknown = JSON.parse(read(recentsKey) ?? "[]");
    const isSign = (sign: unknown): sign is string =>
      typeof sign === "string" && sign !== "" && sign.length <= longestSign;
    return Array.isArray(stored) ? stored.filter(isSign).slice(0, mostRecents) : [];
  } catch {
    return [];
  }
}

/** Puts a sign before all others that were used. */
export function usedEmoji(sign: string): void {
  const others = recentEmoji().filter((other) => other !== sign);
  write(recentsKey, JSON.stringify([sign, ...others].slice(0, mostRecents)));
}

/** @returns 1 to 5, lightest first; 0 for none */
export function emojiTone(): number {
  const tone = Number(read(toneKey));
  return Number.isInteger(tone) && tone >= 0 && tone <= darkestTone ? tone : 0;
}

/** Keeps the tone of skin for all signs that have tones. */
export function chooseEmojiTone(tone: number): void {
  write(toneKey, String(tone));
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Where the browser stores nothing, the choice is not kept.
  }
}
