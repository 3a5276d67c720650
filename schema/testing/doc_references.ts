/**
 * Finds references in the project's text: cited sections of docs/specification.md and docs/architecture.md,
 * Markdown links, and paths of files. Pure functions; `schema/references_test.ts` runs them over every file.
 */

/** A cited section, such as specification §3.4. */
export interface Citation {
  /** The page's name without folder and extension. */
  page: string;
  /** Such as "3.4". */
  section: string;
}

/**
 * Reads the numbered headings of a page.
 *
 * @param markdown such as "## 3. Rules" and "### 3.4 New devices"
 * @returns their numbers, such as "3" and "3.4"
 */
export function sectionsOf(markdown: string): Set<string> {
  return new Set([...markdown.matchAll(/^#{2,6} (\d+(?:\.\d+)*)\.? \S/gm)].map(([, number]) => number));
}

/** The mark that begins a line of a comment, and the one that begins a line of a quotation. */
const lineStart = /\n[ \t]*(?:\/\/|\*(?!\/)|--|#|>)?[ \t]*/g;

/**
 * Reads the cited sections of a text. A citation may be wrapped over two lines of a comment, and may go on as
 * a list: "specification §3.4, §3.5 and §4".
 *
 * @param text of a source file or a Markdown page
 */
export function citationsIn(text: string): Citation[] {
  const lists = text.replace(lineStart, " ").matchAll(
    /\b(specification|architecture)(?:\.md)? ((?:(?:, ?| and | or | to |–)?§[\w.]+)+)/gi,
  );
  return [...lists].flatMap(([, page, list]) =>
    [...list.matchAll(/§([\w.]+)/g)].map(([, section]) => ({
      page: page.toLowerCase(),
      section: section.replace(/\.$/, ""),
    }))
  );
}

/** @returns the targets of relative links of a Markdown page, without anchors */
export function linksIn(markdown: string): string[] {
  return [...withoutFences(markdown).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target.split("#")[0])
    .filter((target) => target !== "" && !/^[a-z]+:/i.test(target));
}

const path = /^[\w.@+-]+(?:\/[\w.@+-]+)*\/?$/;
const sourceFile = /\.(?:tsx?|mjs|capnp|sql|css|html|toml|yaml)$/;

/**
 * Reads the paths that a Markdown page names in backticks: files by their extension, and folders by the slash
 * at their end.
 *
 * @returns paths as the page has them
 */
export function pathsIn(markdown: string): string[] {
  return [...withoutFences(markdown).matchAll(/`([^`\n]+)`/g)]
    .map(([, token]) => token)
    .filter((token) => path.test(token) && (token.endsWith("/") || sourceFile.test(token)));
}

/** @returns what a text says of the folder beside the project: only the test vectors there may be named */
export function foreignPathsIn(text: string): string[] {
  return [...text.matchAll(/\.\.\/shared(?!\/vectors)[\w./-]*/g)].map(([found]) => found);
}

/** @returns citations of pages that are not in the repository */
export function lostPagesIn(text: string): string[] {
  return [...text.replace(lineStart, " ").matchAll(/\b(?:PROTOCOL|DESIGN|HOUSE|STYLE|SCALE)(?:\.md)? §[\w.]+/g)]
    .map(([found]) => found);
}

function withoutFences(markdown: string): string {
  return markdown.replace(/^[ \t]*```[\s\S]*?^[ \t]*```/gm, "");
}
