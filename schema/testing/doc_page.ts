/** A page of docs/ as tests read it: table cells without the padding that the formatter gives them. */

/**
 * Reads a page.
 *
 * @param name its path from the project's root, such as "docs/protocol.md"
 * @returns its text, with one space on either side of each cell
 */
export function readPage(name: string): string {
  const text = Deno.readTextFileSync(new URL(`../../${name}`, import.meta.url));
  return text.replace(/^\|.*$/gm, (row) => row.replace(/ +\|/g, " |").replace(/-{3,}/g, "---"));
}
