/** Finds the web addresses in a text that can be followed. Nothing is fetched. Pure. */

import { find } from "linkifyjs";
import { blankLetters } from "../../client/api/shown_names.ts";

/** A web address in a text, by UTF-16 units. */
export interface FoundLink {
  start: number;
  end: number;
  text: string;
  /** Only http and https, in the form of the address bar. */
  href: string;
  /** The host that the link opens, where the text shows another: letters of other scripts, numbers in other forms. */
  host?: string;
}

/** Characters that nobody sees, or that change the direction of what stands around them. */
const hidden = new RegExp(`[\\p{Cc}\\p{Cf}\\p{Default_Ignorable_Code_Point}${blankLetters}]`, "u");

/** What ends an address: white space, quotation marks, brackets of tags. */
const ends = /[\s<>"'`]/;
/** Signs of formatting that close behind an address (web/state/markup/). */
const trailing = /[*_~]+$/;

/** @returns the links of a text in their order */
export function linksIn(text: string): FoundLink[] {
  const found: FoundLink[] = [];
  // What is glued to an address that hides something would look like an address of its own.
  let spoilt = 0;
  for (const match of find(text, "url", { defaultProtocol: "https" })) {
    const cut = match.value.search(ends);
    const shown = (cut < 0 ? match.value : match.value.slice(0, cut)).replace(trailing, "");
    const link = match.start < spoilt || isGlued(text, match.start) ? undefined : linkOf(shown);
    if (link) found.push({ start: match.start, end: match.start + shown.length, text: shown, ...link });
    else if (match.start >= spoilt) spoilt = endOfRun(text, match.end);
  }
  return found;
}

/** Whether the character before an address is hidden, or makes it the rest of another one. */
function isGlued(text: string, start: number): boolean {
  return start > 0 && (hidden.test(text[start - 1]) && !/\s/.test(text[start - 1]) || text[start - 1] === "@");
}

function endOfRun(text: string, from: number): number {
  const length = text.slice(from).search(/\s/);
  return length < 0 ? text.length : from + length;
}

/**
 * @returns the link of an address as it is written; none for one that hides where it leads: with a name before the host
 *   (`https://bank.example@evil.example`), or with characters that nobody sees
 */
function linkOf(shown: string): Pick<FoundLink, "href" | "host"> | undefined {
  const scheme = /^https?:\/\//i.exec(shown)?.[0] ?? "";
  const address = scheme === "" ? `https://${shown}` : shown;
  if (!URL.canParse(address) || hidden.test(shown)) return undefined;
  const { href, host, username, password, protocol } = new URL(address);
  if (username !== "" || password !== "" || !/^https?:$/.test(protocol)) return undefined;
  const written = /^[^/?#\\]*/.exec(shown.slice(scheme.length))![0].toLowerCase();
  // Without a scheme only a name with a dot is meant as an address: "localhost:8080" may be anything.
  if (scheme === "" && !written.includes(".")) return undefined;
  return { href, ...(written !== host && written.replace(/:\d+$/, "") !== host && { host }) };
}
