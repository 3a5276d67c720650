import assert from "node:assert/strict";
import { nameForm, ShownNames } from "./shown_names.ts";

const person = (accountKey: string, username: string, displayName?: string) => ({
  accountKey,
  username,
  ...(displayName !== undefined && { displayName }),
});

Deno.test("CONVERSATIONS: a display name stands alone where nobody else is called so", () => {
  const names = new ShownNames([
    person("1", "anna", "Anna Bell"),
    person("2", "bert"),
    person("1", "anna", "Anna Bell"),
  ]);
  assert.equal(names.of("1", "anna"), "Anna Bell");
  assert.equal(names.of("2", "bert"), "bert");
  assert.equal(names.of("3", "carl"), "carl");
  assert.equal(names.of(undefined, "anna"), "anna");
  assert.equal(names.both("1", "anna"), "\u2068Anna Bell\u2069 (@anna)");
  assert.equal(names.both("2", "bert"), "bert");
});

Deno.test("CONVERSATIONS: a display name that is somebody else's, or looks like it, has the username beside it", () => {
  const alike = ["Anna Bell", "anna bell", "ANNABELL", "Ａｎｎａ Bell", "An\u200bna\u00a0Bell"];
  const names = new ShownNames(alike.map((name, index) => person(String(index), `user${index}`, name)));
  for (const [index, name] of alike.entries()) {
    assert.equal(names.of(String(index), `user${index}`), `\u2068${name}\u2069 (@user${index})`);
  }
  const thief = new ShownNames([person("1", "anna"), person("2", "mallory", "Anna")]);
  assert.equal(thief.of("2", "mallory"), "\u2068Anna\u2069 (@mallory)");
  assert.equal(thief.of("1", "anna"), "anna");
  assert.equal(new ShownNames([person("1", "anna", "Anna")]).of("1", "anna"), "Anna", "its own username");
});

Deno.test("CONVERSATIONS: a name under another username than the known one is not shown", () => {
  const names = new ShownNames([person("1", "anna", "Anna Bell")]);
  assert.equal(names.of("1", "other"), "other");
});

Deno.test("CONVERSATIONS: blank letters do not tell two names apart", () => {
  for (const name of ["Anna\u2800", "\u3164Anna", "An\uffa0na", "A\u115f\u1160nna"]) {
    assert.equal(nameForm(name), "anna", JSON.stringify(name));
  }
});

Deno.test("nameForm() keeps what tells names apart", () => {
  assert.equal(nameForm("Straße 1"), "straße1");
  assert.notEqual(nameForm("Anna"), nameForm("Änna"));
});
