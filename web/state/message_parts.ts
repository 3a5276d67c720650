/**
 * Splits a message's text into plain text and web addresses that can be followed. Nothing is fetched. Pure.
 */

export interface MessagePart {
  text: string;
  /** Only http and https, in the form of the address bar. */
  href?: string;
}

const address = /https?:\/\/[^\s<>"'`]+/gi;
/** Characters that belong to the end of a sentence more often than to an address. */
const trailing = /[.,;:!?)\]}]+$/;

/** @returns the parts of the text in order: web addresses with their link, and the text between them */
export function partsOf(text: string): MessagePart[] {
  const parts: MessagePart[] = [];
  let done = 0;
  for (const match of text.matchAll(address)) {
    const shown = match[0].replace(trailing, "");
    if (!URL.canParse(shown)) continue;
    if (match.index > done) parts.push({ text: text.slice(done, match.index) });
    parts.push({ text: shown, href: new URL(shown).href });
    done = match.index + shown.length;
  }
  if (done < text.length) parts.push({ text: text.slice(done) });
  return parts;
}
