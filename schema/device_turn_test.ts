import assert from "node:assert/strict";
import { toHex } from "./bytes.ts";
import { shareOf, turnHash } from "./device_turn.ts";

const bytes = (fill: number) => new Uint8Array(32).fill(fill);

Deno.test("PEOPLE B1: the order of turns is the hash that the specification names", async () => {
  const turn = { channelId: bytes(1), accountKey: bytes(2), version: 3, recipientKey: bytes(4) };
  const parts = [new TextEncoder().encode("qpq/1 turn"), bytes(1), bytes(2), [0, 0, 0, 0, 0, 0, 0, 3], bytes(4)];
  const plain = Uint8Array.from(parts.flatMap((part) => [...part]));
  const expected = new Uint8Array(await crypto.subtle.digest("SHA-256", plain));
  assert.equal(toHex(await turnHash(turn)), toHex(expected));
  assert.equal(toHex(expected), "b326ae326440e99ecfabca150beea6b24fc2e245a38a1426cf11509886c4bb85");
  for (const other of [{ channelId: bytes(9) }, { accountKey: bytes(9) }, { version: 9 }, { recipientKey: bytes(9) }]) {
    assert.notEqual(toHex(await turnHash({ ...turn, ...other })), toHex(expected));
  }
});

Deno.test("shareOf() is from 0 up to 1", () => {
  assert.equal(shareOf(bytes(0)), 0);
  assert.equal(shareOf(Uint8Array.of(128, 0, 0, 0, 0, 0)), 0.5);
  assert.ok(shareOf(bytes(255)) < 1);
});
