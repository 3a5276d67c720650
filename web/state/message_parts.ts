/**
 * Splits a message's text into plain text and web addresses that can be followed. Nothing is fetched. Pure.
 */

import { blankLetters } from "../../client/content/visible_text.ts";

export interface MessagePart {
  text: string;
  /** Only http and https, in the form of the address bar. */
  href?: string;
  /** The host that the link opens, where the text shows another: letters of other scripts, numbers in other forms. */
  host?: string;
}

const address = /https?:\/\/[^\s<>"'`]+/gi;
/** Characters that belong to the end of a sentence more often than to an address. */
const trailing = ".,;:!?)]}";

/** In one pass: a regular expression with `+$` tries each of many brackets in the middle of a text to its end. */
function withoutTrailing(shown: string): string {
  let end = shown.length;
  while (end > 0 && trailing.includes(shown[end - 1])) end--;
  return shown.slice(0, end);
}

/** Characters that nobody sees, or that change the direction of what stands around them. */
const hidden = new RegExp(`[\\p{Cc}\\p{Cf}\\p{Default_Ignorable_Code_Point}${blankLetters}]`, "u");

/**
 * @returns the link of an address as it is written; none for one that hides where it leads: with a name before the host
 *   (`https://bank.example@evil.example`), or with characters that nobody sees
 */
function linkOf(shown: string): Pick<MessagePart, "href" | "host"> | undefined {
  if (!URL.canParse(shown) || hidden.test(shown)) return undefined;
  const { href, host, username, password } = new URL(shown);
  if (username !== "" || password !== "") return undefined;
  const written = /^https?:\/\/([^/?#\\]*)/i.exec(shown)![1].toLowerCase();
  return { href, ...(written !== host && written.replace(/:\d+$/, "") !== host && { host }) };
}

/** Characters that turn letters round, those of the app behind them as well. They change no letter. */
const overrides = /[\u202d\u202e]/g;

/** @returns the parts of the text in order: web addresses with their link, and the text between them */
export function partsOf(text: string): MessagePart[] {
  return split(text).map((part) => ({ ...part, text: part.text.replace(overrides, "") }));
}

function split(text: string): MessagePart[] {
  const parts: MessagePart[] = [];
  let done = 0;
  for (const match of text.matchAll(address)) {
    const shown = withoutTrailing(match[0]);
    const link = linkOf(shown);
    if (!link) continue;
    if (match.index > done) parts.push({ text: text.slice(done, match.index) });
    parts.push({ text: shown, ...link });
    done = match.index + shown.length;
  }
  if (done < text.length) parts.push({ text: text.slice(done) });
  return parts;
}
