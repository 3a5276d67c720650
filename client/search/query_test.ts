/** What a query asks for, and what matches it. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { expressionOf, matchOf, maxQueryLength, maxQueryTokens, maxTerms, parseQuery } from "./query.ts";

const matched = (query: string, text: string, sender = "bert") =>
  matchOf(parseQuery(query), text, sender)?.map(([start, end]) => text.slice(start, end));

Deno.test("CONVERSATIONS: all words must be there, and the last one may be a beginning", () => {
  assert.deepEqual(parseQuery("Grüne  Kaffeeh"), [
    { tokens: ["grune"], isPrefix: false },
    { tokens: ["kaffeeh"], isPrefix: true },
  ]);
  assert.deepEqual(matched("kaffeeh grüne", "Das grüne Kaffeehaus"), undefined, "only the last word is a beginning");
  assert.deepEqual(matched("grune kaffeeh", "Das grüne Kaffeehaus"), ["grüne", "Kaffeeh"]);
  assert.deepEqual(matched("haus", "Das grüne Kaffeehaus"), undefined);
  assert.deepEqual(matched("strasse", "An der Straße"), ["Straße"]);
});

Deno.test("CONVERSATIONS: quotes ask for a phrase, and one that is not closed is still being typed", () => {
  assert.deepEqual(matched('"to be"', "to be or not to be"), ["to be", "to be"]);
  assert.deepEqual(matched('"be to"', "to be or not to be"), undefined);
  assert.deepEqual(matched("„not to“ be", "to be or not to be"), ["be", "not to", "be"]);
  assert.deepEqual(matched('"not t', "to be or not to be"), ["not t"]);
  assert.deepEqual(parseQuery('""" « "'), []);
});

Deno.test("CONVERSATIONS: Japanese is found inside of a run of characters", () => {
  assert.deepEqual(matched("京タ", "東京タワーで会う"), ["京タ"]);
  assert.deepEqual(matched("東京 会う", "東京タワーで会う"), ["東京", "会う"]);
  assert.deepEqual(matched("京東", "東京タワー"), undefined);
});

Deno.test("CONVERSATIONS: the sender's name helps to find a message, and alone it finds none", () => {
  assert.deepEqual(matched("anna cake", "the cake", "anna"), ["cake"]);
  assert.deepEqual(matched("anna", "the cake", "anna"), undefined);
  assert.deepEqual(matched("anna", "anna's cake", "anna"), ["anna"]);
});

Deno.test("CONVERSATIONS: no query is longer than its bounds", () => {
  const long = parseQuery("word ".repeat(1000));
  assert.equal(long.length, maxTerms);
  assert.equal(parseQuery(`${" ".repeat(maxQueryLength)}word`).length, 0, "what is behind the bound does not count");
  const tokens = parseQuery("京".repeat(maxQueryLength)).flatMap((term) => term.tokens);
  assert.equal(tokens.length, maxQueryTokens);
});

Deno.test("CONVERSATIONS: an expression is made of words alone, whatever was typed", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 300 }), (query) => {
    const terms = parseQuery(query);
    if (terms.length === 0) return;
    const rest = expressionOf(terms, "c1").replaceAll(/"[^"*():^{}]+"/g, "w");
    assert.match(rest, /^chat : w AND (\{sender body\} : \([w *AND]+\) AND )?body : \([w *OR]+\)$/);
  }));
});
