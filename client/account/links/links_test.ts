import assert from "node:assert/strict";
import { type Bytes, sha256, toHex } from "../../../schema/bytes.ts";
import { encapsulateDeterministic, nobleXWing } from "../../crypto/xwing.ts";
import { linkKeys, openJoinRequest, sealJoinRequest } from "./join_request.ts";
import { type InviteLink, linkText, parseLink } from "./link_text.ts";

const filled = (length: number, byte: number): Bytes => new Uint8Array(length).fill(byte);
const link: InviteLink = {
  kind: "group",
  username: "anna",
  accountKey: filled(32, 1),
  publicKeyHash: filled(32, 2),
  secret: filled(16, 3),
  endMs: 1_800_000_000_000,
};
const content = { atMs: 1_799_999_999_999, note: "It is me, Bert" };
const who = filled(32, 9);

async function setting() {
  const seed = filled(32, 5);
  return { seed, publicKey: await nobleXWing.publicKey(seed), keys: await linkKeys(link.secret) };
}

Deno.test("CONVERSATIONS: the text of a link says what it was made of, alone or in an address", () => {
  const text = linkText(link);
  for (const given of [text, ` ${text}\n`, `https://chat.example/#/i/${text}`]) {
    assert.deepEqual(parseLink(given), link);
  }
  const longest = linkText({ ...link, kind: "chat", username: "a".repeat(32) });
  assert.equal(longest.length, 163);
  assert.equal(parseLink(longest)?.kind, "chat");
});

Deno.test("CONVERSATIONS: what is no link of this version is none", () => {
  const text = linkText(link);
  const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const changed = (at: number, byte: number) =>
    btoa(String.fromCharCode(...bytes.with(at, byte))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const wrong = [
    "",
    "hello",
    text.slice(0, 118),
    text.slice(0, -1),
    `${text}A`,
    `${text}=`,
    "A".repeat(1_000_000),
    changed(0, 2),
    changed(1, 2),
    changed(2, 255),
    changed(90, 0x31),
    changed(91, 0x80),
    `https://chat.example/#/chat/${text}`,
  ];
  for (const given of wrong) assert.equal(parseLink(given), undefined, given.slice(0, 60));
});

Deno.test("CONVERSATIONS: the vectors of docs/specification.md hold for a link and a request by it", async () => {
  const { publicKey, keys, seed } = await setting();
  assert.equal(
    linkText(link),
    "AQEAAAGjGFxQAAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAgICAgICAgICAgICAgICAgIC" +
      "AgICAgICAgICAgICAgIDAwMDAwMDAwMDAwMDAwMDYW5uYQ",
  );
  assert.equal(toHex(keys.token), "bc11158994489d30d0302eef6cba3dad05af9b635daa5485c2024fe96d90952e");
  assert.equal(toHex(keys.linkHash), toHex(await sha256(keys.token)));
  assert.equal(toHex(keys.psk), "64a5217771ea2fc0befc3245b88ebabb08d8987ebb735bb7549f95be8935a87c");
  const encapsulation = encapsulateDeterministic(publicKey, filled(64, 7))!;
  const sealed = (await sealJoinRequest(keys, publicKey, who, content, encapsulation))!;
  assert.equal(sealed.length, 1 + 1120 + 2048 + 16);
  assert.equal(toHex(await sha256(sealed)), "8619ace79f766c3d9d14cb2f95876b0a54e7003bf0f428938eaeacbfdc59253a");
  assert.deepEqual(await openJoinRequest(keys, seed, who, sealed), content);
});

Deno.test("CONVERSATIONS: a request opens for its link and asker alone, and not with a byte changed", async () => {
  const { seed, publicKey, keys } = await setting();
  const sealed = (await sealJoinRequest(keys, publicKey, who, content))!;
  const other = await linkKeys(filled(16, 4));
  assert.deepEqual(await openJoinRequest(keys, seed, who, sealed), content);
  assert.equal(await openJoinRequest(keys, filled(32, 6), who, sealed), undefined, "another key");
  assert.equal(await openJoinRequest(other, seed, who, sealed), undefined, "another link");
  assert.equal(await openJoinRequest({ ...keys, psk: other.psk }, seed, who, sealed), undefined, "without the secret");
  assert.equal(await openJoinRequest(keys, seed, filled(32, 8), sealed), undefined, "another account");
  for (const at of [0, 1, 700, 1120, 1121, sealed.length - 1]) {
    assert.equal(await openJoinRequest(keys, seed, who, sealed.with(at, sealed[at] ^ 1)), undefined, `byte ${at}`);
  }
  for (const cut of [sealed.subarray(0, 100), sealed.subarray(0, -1), filled(0, 0), filled(5000, 1)]) {
    assert.equal(await openJoinRequest(keys, seed, who, cut), undefined);
  }
});

Deno.test("CONVERSATIONS: a request with a note that is too long, or with other fields, is none", async () => {
  const { seed, publicKey, keys } = await setting();
  const wrong = [{ ...content, note: "x".repeat(501) }, { ...content, more: 1 }, { ...content, atMs: -1 }];
  for (const content of wrong) {
    const sealed = (await sealJoinRequest(keys, publicKey, who, content))!;
    assert.equal(await openJoinRequest(keys, seed, who, sealed), undefined);
  }
  const longest = { ...content, note: "€".repeat(500) };
  assert.deepEqual(
    await openJoinRequest(keys, seed, who, (await sealJoinRequest(keys, publicKey, who, longest))!),
    longest,
  );
  assert.equal(await sealJoinRequest(keys, filled(1216, 255), who, content), undefined, "a key that is none");
});
