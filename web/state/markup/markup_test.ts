import assert from "node:assert/strict";
import fc from "fast-check";
import { type Block, type Inline, markupOf } from "./markup.ts";

const members = (text: string) =>
  [...text.matchAll(/@(anna|bert)\b/g)].map(({ index, 0: { length }, 1: username }) => ({
    start: index,
    end: index + length,
    username,
  }));

/** A short notation: `b(…)`, `i(…)`, `s(…)`, `code(…)`, `link(…)`, `@(…)`. */
function written(parts: Inline[]): string {
  return parts.map((part) => {
    switch (part.kind) {
      case "text":
        return part.text;
      case "code":
      case "link":
        return `${part.kind}(${part.text})`;
      case "mention":
        return `@(${part.username})`;
      default:
        return `${part.kind[0]}(${written(part.parts)})`;
    }
  }).join("");
}

function inline(text: string): string {
  const blocks = markupOf(text, members);
  assert.deepEqual(blocks.map(({ kind }) => kind), ["text"], text);
  return written((blocks[0] as Extract<Block, { kind: "text" }>).parts);
}

const partsOf = (block: Block): Inline[] =>
  block.kind === "list" ? block.items.flatMap(({ parts }) => parts) : block.kind === "code" ? [] : block.parts;

function visible(parts: Inline[]): string {
  return parts.map((part) => "parts" in part ? visible(part.parts) : part.text).join("");
}

function visibleText(blocks: Block[]): string {
  return blocks.map((block) =>
    block.kind === "code"
      ? `${block.language}\n${block.text}`
      : block.kind === "list"
      ? block.items.map(({ marker, parts }) => marker.replace("•", "") + visible(parts)).join("\n")
      : visible(block.parts)
  ).join("\n");
}

Deno.test("CONVERSATIONS: bold, italic, strike and code are read at the edges of words", () => {
  assert.equal(inline("a **b c** d"), "a b(b c) d");
  assert.equal(inline("*a* _b_ __c__ ~~d~~ `e`"), "i(a) i(b) b(c) s(d) code(e)");
  assert.equal(inline("***a***, **_b_**, _**c** d_"), "b(i(a)), b(i(b)), i(b(c) d)");
  assert.equal(inline("**a *b***"), "b(a i(b))");
  assert.equal(inline("これは**太字**です"), "これはb(太字)です");
  assert.equal(inline("👍*yes*👍"), "👍i(yes)👍");
});

Deno.test("CONVERSATIONS: what only looks like formatting stays as it is written", () => {
  const texts = ["2*3*4", "snake_case_name", "a ** b ** c", "****", "~~~~", "**a", "a**", "~a~", "`a", "``"];
  for (const text of [...texts, "¯\\_(ツ)_/¯", "\\*a*", "*a\n\nb*", "C:\\*.*", ">:( no", "-- \nanna", "#1", "1.5 m"]) {
    assert.equal(inline(text), text);
  }
});

Deno.test("CONVERSATIONS: marks that cross, and marks in a mark of their own kind, are read like CommonMark's", () => {
  assert.equal(inline("*a **b* c**"), "i(a **b) c**");
  assert.equal(inline("**a *b** c*"), "b(a *b) c*");
  assert.equal(inline("*a *b*"), "*a i(b)");
});

Deno.test("CONVERSATIONS: nothing is read inside of code, links and mentions", () => {
  assert.equal(inline("`*a* https://b.example @anna`"), "code(*a* https://b.example @anna)");
  assert.equal(inline("``a ` b``"), "code(a ` b)");
  assert.equal(inline("**https://a.example/b_c_d**"), "b(link(https://a.example/b_c_d))");
  assert.equal(inline("*@anna* and @bert, @carl"), "i(@(anna)) and @(bert), @carl");
  assert.equal(inline("https://a.example/@anna"), "link(https://a.example/@anna)");
});

Deno.test("CONVERSATIONS: quotes, lists and blocks of code are read line by line", () => {
  const blocks = markupOf("See:\n\n> *a*\n> b\n- one\n  - two\n3. three\n```ts\n*x*\n\n  y\n```\nend");
  assert.deepEqual(blocks.map(({ kind }) => kind), ["text", "quote", "list", "code", "text"]);
  assert.equal(written(partsOf(blocks[1])), "i(a)\nb");
  assert.deepEqual(
    (blocks[2] as Extract<Block, { kind: "list" }>).items.map(({ level, marker, parts }) =>
      `${level} ${marker} ${written(parts)}`
    ),
    ["0 • one", "1 • two", "0 3. three"],
  );
  assert.deepEqual(blocks[3], { kind: "code", text: "*x*\n\n  y", language: "ts" });
});

Deno.test("CONVERSATIONS: a block of code that is not closed goes to the end; a longer fence holds a shorter", () => {
  assert.deepEqual(markupOf("```\na\n\n> b"), [{ kind: "code", text: "a\n\n> b", language: "" }]);
  assert.deepEqual(markupOf("````\n```\n````"), [{ kind: "code", text: "```", language: "" }]);
  assert.deepEqual(markupOf("```"), [{ kind: "code", text: "", language: "" }]);
});

Deno.test("CONVERSATIONS: HTML and addresses of other schemes are text", () => {
  for (const text of ["<b>x</b>", "<script>alert(1)</script>", "[a](javascript:alert(1))", "![x](data:image/png,x)"]) {
    assert.equal(inline(text), text);
  }
  assert.equal(inline("[a](https://b.example)"), "[a](link(https://b.example))");
});

Deno.test("PEOPLE B8: nothing in a text turns round the letters that the app writes behind it", () => {
  assert.equal(inline("\u202dsee\u202e **a\u202eb** `c\u202e` שלום"), "see b(ab) code(c) שלום");
  assert.equal(inline("https://a\u202eb.example/"), "https://ab.example/");
});

/** Texts of signs and a few letters. */
const signs = [
  "*",
  "**",
  "***",
  "_",
  "__",
  "~~",
  "`",
  "``",
  "```",
  "\n",
  "\n\n",
  "> ",
  "- ",
  "1. ",
  " ",
  "\\",
  "@anna",
];
const texts = fc.array(fc.oneof(fc.constantFrom(...signs, "a", "ß", "日", "👍", "https://x.example/_y_"), fc.string()));

Deno.test("CONVERSATIONS: of any text nothing is lost but signs of formatting", () => {
  const kept = (text: string) => text.replaceAll(/[*_~`>\-\s\u202d\u202e]/g, "");
  fc.assert(
    fc.property(texts, (pieces) => {
      const text = pieces.join("");
      const shown = visibleText(markupOf(text, members));
      assert.equal(kept(shown), kept(text));
      // The order stays as well: what is shown can be struck out of what was written.
      let at = 0;
      for (const character of shown.replaceAll(/\s/g, "")) {
        at = text.indexOf(character, at) + character.length;
        assert.ok(at > 0, `${JSON.stringify(character)} of ${JSON.stringify(text)}`);
      }
    }),
    { numRuns: 2_000 },
  );
});

function depthOf(parts: Inline[]): number {
  return parts.reduce((deepest, part) => Math.max(deepest, "parts" in part ? 1 + depthOf(part.parts) : 0), 0);
}

Deno.test("CONVERSATIONS: marks are nested five deep at most, whatever is written", () => {
  fc.assert(fc.property(texts, (pieces) => {
    for (const block of markupOf(pieces.join(""))) assert.ok(depthOf(partsOf(block)) <= 5);
  }));
  assert.equal(depthOf(partsOf(markupOf("**__*_~~a~~_*__**")[0])), 5);
});

Deno.test("CONVERSATIONS: 20 kB of nested marks, and ten times as much, are read in linear time", () => {
  const hostile = ["*a **b ", "***a ", "*a _b ~~c ", "`a ``b ", "> *a\n", "- *a\n", "```\n", "https://a.example/( "];
  for (const piece of hostile) {
    for (const length of [20_000, 200_000]) {
      const text = piece.repeat(length / piece.length);
      const startMs = performance.now();
      markupOf(text, members);
      // A reader that looks from each sign to the end takes minutes for the longer one; this one a second.
      assert.ok(performance.now() - startMs < 20_000, `${JSON.stringify(piece)}, ${length}`);
    }
  }
});
