/** What stands for a person or a group where there is no picture: a colour and initials. Pure. */

const hues = 8;

/**
 * @param hex an account key or a chatId; a key's bytes are random, so a few digits are enough
 * @returns the class of one of eight colours, always the same one; no class where nothing is known
 */
export function hueClass(hex: string | undefined): string {
  if (!hex) return "";
  let sum = 0;
  for (const digit of hex) sum = (sum * 31 + digit.charCodeAt(0)) % 65_521;
  return `h-${sum % hues}`;
}

/** @returns the first letter of a person's name, the first letters of two words of a group's; empty without a letter */
export function initialsOf(name: string, group: boolean): string {
  const words = name.split(/\s+/).map((word) => /[\p{L}\p{N}]/u.exec(word)?.[0] ?? "").filter(Boolean);
  return words.slice(0, group ? 2 : 1).join("").toUpperCase();
}
