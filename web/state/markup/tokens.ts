/** What the formatting inside of a block is made of. */

export type Mark = "bold" | "italic" | "strike";

export type Inline =
  | { kind: "text"; text: string }
  | { kind: "code"; text: string }
  | {
    kind: "link";
    text: string; /** http or https */
    href: string; /** The host that it opens, where the text shows another. */
    host?: string;
  }
  | { kind: "mention"; text: string; username: string }
  | { kind: Mark; parts: Inline[] };
