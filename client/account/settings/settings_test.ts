import assert from "node:assert/strict";
import { type Bytes, concat, u64, utf8 } from "../../../schema/bytes.ts";
import { encodeCbor } from "../../../schema/cbor.ts";
import { sealAesGcm } from "../../crypto/aead.ts";
import { hkdfSha256 } from "../../crypto/hkdf.ts";
import {
  maxAnsweredBytes,
  maxBlocked,
  maxGuests,
  maxLinks,
  noSettings,
  openSettings,
  sealSettings,
  type SettingsContent,
} from "./settings_content.ts";

const filled = (length: number, byte: number): Bytes => new Uint8Array(length).fill(byte);
const [vaultKey, accountKey] = [filled(32, 1), filled(32, 2)];
const link = {
  secret: filled(16, 3),
  seed: filled(32, 4),
  group: filled(32, 5),
  letsIn: true,
  createdMs: 2 ** 41,
  endMs: 2 ** 42,
  answered: filled(0, 0),
};
const blocked = { accountKey: filled(32, 6), username: "m".repeat(32), sinceMs: 2 ** 41 };
const guest = { accountKey: filled(32, 7), untilMs: 2 ** 41 };
const full: SettingsContent = {
  policy: "invited",
  blocked: Array(maxBlocked).fill(blocked),
  links: [{ ...link, answered: filled(maxAnsweredBytes, 8) }, ...Array(maxLinks - 1).fill(link)],
  guests: Array(maxGuests).fill(guest),
  notes: filled(32, 9),
  profile: {
    v: 2 ** 41,
    name: "\u{1f600}".repeat(64),
    about: "\u{1f600}".repeat(140),
    picture: { sha256: filled(32, 10), key: filled(32, 11), prefix: filled(7, 12), size: 200_000 },
    renewMs: 2 ** 41,
  },
  others: {},
};

/** Seals whatever content, as another version or a broken device would. */
async function sealAny(value: unknown, version: number): Promise<Bytes> {
  const cbor = encodeCbor(value);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, cbor.length);
  const nonce = filled(12, 0);
  const key = hkdfSha256(vaultKey, utf8("qpq/1 settings"), 32);
  return concat(nonce, await sealAesGcm(key, nonce, concat(accountKey, u64(version)), concat(length, cbor)));
}

Deno.test("CONVERSATIONS: settings come back as they were sealed, full ones within the server's 128 KiB", async () => {
  for (const content of [noSettings(), full]) {
    const sealed = await sealSettings(content, vaultKey, accountKey, 3);
    assert.ok(sealed.length <= 128 * 1024, String(sealed.length));
    assert.equal((sealed.length - 12 - 16) % 1024, 0, "the length tells little");
    assert.deepEqual(await openSettings(sealed, vaultKey, accountKey, 3), content);
  }
});

Deno.test("CONVERSATIONS: settings of another version, account, key or byte do not open", async () => {
  const sealed = await sealSettings(noSettings(), vaultKey, accountKey, 3);
  assert.equal(await openSettings(sealed, vaultKey, accountKey, 4), undefined);
  assert.equal(await openSettings(sealed, vaultKey, filled(32, 3), 3), undefined);
  assert.equal(await openSettings(sealed, filled(32, 2), accountKey, 3), undefined);
  assert.equal(await openSettings(sealed.with(20, sealed[20] ^ 1), vaultKey, accountKey, 3), undefined);
  assert.equal(await openSettings(sealed.subarray(0, 10), vaultKey, accountKey, 3), undefined);
});

Deno.test("CONVERSATIONS: fields of a later version are kept as they are", async () => {
  const { others: _none, ...known } = noSettings();
  const sealed = await sealAny({ ...known, mutes: [filled(4, 1)] }, 1);
  const opened = (await openSettings(sealed, vaultKey, accountKey, 1))!;
  assert.deepEqual(opened.others, { mutes: [filled(4, 1)] });
  const again = await openSettings(await sealSettings(opened, vaultKey, accountKey, 2), vaultKey, accountKey, 2);
  assert.deepEqual(again, opened);
});

Deno.test("CONVERSATIONS: what is sealed and is no settings is refused", async () => {
  const { others: _none, ...known } = noSettings();
  const wrong = [
    5,
    {},
    { ...known, policy: "nobody" },
    { ...known, blocked: [{ ...blocked, accountKey: filled(31, 1) }] },
    { ...known, links: Array(maxLinks + 1).fill(link) },
    { ...known, guests: [{ accountKey: filled(32, 1) }] },
  ];
  for (const value of wrong) await assert.rejects(openSettings(await sealAny(value, 1), vaultKey, accountKey, 1));
});
