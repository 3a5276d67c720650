/** A message's text as parts: plain text, and web addresses that may be followed. Nothing is fetched. Pure. */

export interface MessagePart {
  text: string;
  /** Only http and https, as the user will see it in the address bar. */
  href?: string;
}

const address = /https?:\/\/[^\s<>"'`]+/gi;
/** Signs that end a sentence more often than an address. */
const trailing = /[.,;:!?)\]}]+$/;

/** @returns the text in pieces, in order: addresses of the web with their link, and what lies between */
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
