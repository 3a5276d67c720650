import assert from "node:assert/strict";
import { encodeCbor } from "../../schema/cbor.ts";
import { container, ownBody, textBody } from "./body.ts";
import { encodeMimiContent } from "./mimi_content.ts";
import {
  decodePicture,
  encodePicture,
  isAbout,
  isDisplayName,
  profileType,
  readProfile,
  writeProfile,
} from "./profile.ts";
import { readContent } from "./registry.ts";
import { received, salt } from "./testing/lines.ts";

const filled = (length: number, byte: number) => new Uint8Array(length).fill(byte);
const picture = { sha256: filled(32, 1), key: filled(32, 2), prefix: filled(7, 3), size: 200_000 };
const full = { v: 7, name: "Anna Bell", about: "On the road", picture };
const saying = (value: unknown) => received(container(salt, ownBody(profileType, encodeCbor(value as never))));

Deno.test("CONVERSATIONS: readProfile() gives back what writeProfile() wrote", () => {
  for (const profile of [full, { v: 1 }, { v: 2, name: "A" }, { v: Number.MAX_SAFE_INTEGER, picture }]) {
    assert.deepEqual(readProfile(received(writeProfile(profile, salt))), profile);
    assert.deepEqual(readContent(encodeMimiContent(writeProfile(profile, salt))), { kind: "profile", profile });
  }
});

Deno.test("CONVERSATIONS: a profile without a number says nothing, and makes no line", () => {
  const { v: _v, ...numberless } = full;
  for (const value of [7, [], "x", {}, numberless, { ...full, v: 0 }, { ...full, v: -1 }, { ...full, v: 1.5 }]) {
    assert.equal(readProfile(saying(value)), "nothing", JSON.stringify(value));
  }
  const broken = container(salt, ownBody(profileType, Uint8Array.of(0xff)));
  assert.deepEqual(readContent(encodeMimiContent(broken)), { kind: "profile", profile: undefined });
});

Deno.test("CONVERSATIONS: a field of a profile that is not as it should be counts as absent", () => {
  const wrong: [string, unknown[]][] = [
    ["name", [7, "", " ", "a".repeat(65), "\u{1f600}".repeat(65), "two\nlines", "tab\there", "\u202eevil"]],
    ["name", ["a\u2066b", "\u200f", "\u2028", "\u3164", filled(3, 1), ["a"], null]],
    ["about", [7, "", "a".repeat(141), "two\nlines", "\u202e", null]],
    ["picture", [7, null, [], {}, { ...picture, sha256: filled(31, 1) }, { ...picture, key: "k" }]],
    ["picture", [{ ...picture, prefix: filled(8, 1) }, { ...picture, size: 0 }, { ...picture, size: 200_001 }]],
    ["picture", [{ ...picture, size: 1.5 }, { ...picture, size: 2 ** 40 }, { ...picture, key: filled(33, 1) }]],
  ];
  for (const [field, values] of wrong) {
    const { [field]: _gone, ...rest } = full as Record<string, unknown>;
    for (const value of values) assert.deepEqual(readProfile(saying({ ...full, [field]: value })), rest, String(value));
  }
  assert.deepEqual(readProfile(saying({ ...full, later: 1, picture: { ...picture, later: 1 } })), full);
});

Deno.test("CONVERSATIONS: a display name is one line of 64 characters and 256 bytes at most", () => {
  for (const name of ["A", "a".repeat(64), "\u{1f600}".repeat(64), "Zoë 👩‍👩‍👧", "שרה"]) {
    assert.ok(isDisplayName(name), name);
  }
  assert.ok(!isDisplayName("\u{1f600}".repeat(65)));
  assert.ok(isAbout("a".repeat(140)));
});

Deno.test("CONVERSATIONS: no display name has an @ in it, by which the app marks usernames", () => {
  for (const name of ["Bob (@bob)", "@bob", "Bob \ufe6bbob", "Bob (\uff20bob)"]) {
    assert.ok(!isDisplayName(name), name);
    const { name: _name, ...rest } = full;
    assert.deepEqual(readProfile(saying({ ...full, name })), rest, "of others it counts as absent");
  }
  assert.ok(isAbout("@bob knows me"));
});

Deno.test("CONVERSATIONS: what is no profile is left to the kinds of messages", () => {
  assert.equal(readProfile(received(container(salt, textBody("hello")))), undefined);
  assert.equal(readProfile(received(container(salt, ownBody("text/x", encodeCbor(full as never))))), undefined);
});

Deno.test("CONVERSATIONS: the reference of a group's picture comes back, and what is none is no picture", () => {
  assert.deepEqual(decodePicture(encodePicture(picture)), picture);
  assert.ok(encodePicture(picture).length < 1_024);
  for (
    const bytes of [undefined, new Uint8Array(), filled(9, 0xff), encodeCbor(7), encodeCbor({ ...picture, size: 0 })]
  ) {
    assert.equal(decodePicture(bytes), undefined);
  }
});
