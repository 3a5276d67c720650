/** Names of files that others have chosen. */

import { cutText, isVisible } from "./visible_text.ts";

/** UTF-16 units. Longer ones are cut before their ending. */
const longestName = 120;
/** What is kept of an ending such as ".jpeg". */
const longestEnding = 16;

/** Controls, formats (what changes the direction of writing among them), line ends. */
const steering = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * @param given any text
 * @returns a name without folders, controls and signs that turn the direction of writing; "file" where nothing is left
 */
export function safeFileName(given: string): string {
  const whole = (given.toWellFormed().normalize("NFC").split(/[/\\]/).at(-1) ?? "").replace(steering, "").trim();
  const name = whole.replace(/^\.+/, "");
  if (!isVisible(name)) return "file";
  if (name.length <= longestName) return name;
  const dot = name.lastIndexOf(".");
  const ending = dot > 0 && name.length - dot <= longestEnding ? name.slice(dot) : "";
  return cutText(name, longestName - ending.length) + ending;
}
