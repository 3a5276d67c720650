/**
 * The one rule for what people write, and for what comes from others: messages and the names of groups (specification
 * §7.3). Usernames need no rule of this kind: schema/username.ts allows a few letters only.
 */

import { EngineError, LocalCode } from "../api/errors.ts";
import { blankLetters } from "../api/shown_names.ts";

/** What nobody sees: white space, controls, formats (of writing direction, joiners, variation …), blank letters. */
const invisible = new RegExp(
  `^[\\p{White_Space}\\p{Cc}\\p{Cf}\\p{Zs}\\p{Default_Ignorable_Code_Point}${blankLetters}]*$`,
  "u",
);

/** @returns whether nothing can be seen in a text. What other clients send is shown as that (specification §7.3) */
export function isBlank(text: string): boolean {
  return invisible.test(text);
}

/** @returns whether a text shows something, and has no half of a character (a lone surrogate: it would be replaced) */
export function isVisible(text: string): boolean {
  return text.isWellFormed() && !isBlank(text);
}

/**
 * @param what "a message" or "a name", for the error
 * @throws EngineError L032
 */
export function requireVisible(text: string, what: string): void {
  if (isVisible(text)) return;
  throw new EngineError({
    code: LocalCode.invisible,
    detail: text.isWellFormed() ? `${what} in which nothing can be seen` : `${what} with half of a character in it`,
  });
}

/** @returns the first `length` UTF-16 units of a text, without half of a character at the end */
export function cutText(text: string, length: number): string {
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, "");
}
